// Texts that stand out from their background by less than 4.5 to 1 (WCAG AA).
[...document.querySelectorAll('main *, header *')].flatMap((element) => {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const style = getComputedStyle(element);
  if (!own || !element.checkVisibility({checkOpacity: true}) || element.closest('svg, .plot, [hidden], :disabled, option')) return [];
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  let under = element, back = [0, 0, 0, 0];
  while (under && (back.length > 3 && back[3] === 0)) { back = parse(getComputedStyle(under).backgroundColor); under = under.parentElement; }
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [light(parse(style.color)), light(back)].sort((p, q) => q - p);
  const ratio = (a + 0.05) / (b + 0.05);
  return ratio < 4.5 ? [`${element.tagName} ${element.className} "${element.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`] : [];
})
