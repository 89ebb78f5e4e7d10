// The keyboard: / to the filter, j and k through the rows, Enter opens, g and a letter goes to a page, ? lists them.
const PLACES = { s: '/', w: '/workers', n: '/new' };
let awaitsPlace = false;

export function listenToKeys() {
  const help = document.getElementById('help');
  const button = document.getElementById('help-button');
  button.hidden = false;
  button.addEventListener('click', () => help.showModal());
  document.addEventListener('click', pick);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.key === 'Escape') {
      if (isTyping(event.target)) event.target.blur();
      select(null);
      return;
    }
    if (isTyping(event.target)) return;
    if (awaitsPlace && PLACES[event.key]) location.assign(PLACES[event.key]);
    else if (event.key === '?') help.showModal();
    else if (event.key === '/' && document.getElementById('where')) document.getElementById('where').focus();
    else if (event.key === 'j') step(1);
    else if (event.key === 'k') step(-1);
    else if (event.key === 'Enter' && selected() && event.target === document.body) selected().querySelector('a')?.click();
    else { awaitsPlace = event.key === 'g'; return; }
    awaitsPlace = false;
    event.preventDefault();
  });
}

function pick(event) {
  const row = event.target.closest('tr[data-row]');
  if (row && !event.target.closest('a, button, input')) select(row.getAttribute('aria-selected') ? null : row);
}

function isTyping(target) {
  return target.matches('input, textarea, select, [contenteditable]');
}

function selected() {
  return document.querySelector('tr[aria-selected="true"]');
}

function step(by) {
  const rows = [...document.querySelectorAll('tr[data-row]')];
  const at = rows.indexOf(selected());
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  if (next) select(next);
}

export function select(row) {
  selected()?.removeAttribute('aria-selected');
  if (row) {
    row.setAttribute('aria-selected', 'true');
    row.querySelector('a')?.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
  } else if (document.activeElement?.closest('tr[data-row]')) document.activeElement.blur();
  document.dispatchEvent(new CustomEvent('selected', { detail: { trial: row?.dataset.row ?? null } }));
}
