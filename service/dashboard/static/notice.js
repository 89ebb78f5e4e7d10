// A sentence at the foot of the page that goes away by itself.
const box = document.getElementById('notice');
let timer = 0;

export function notice(text) {
  box.textContent = text;
  box.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = true; }, 8000);
}
