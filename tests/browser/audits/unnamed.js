// What a screen reader would not know how to call.
(() => {
  const wrong = [];
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (!document.documentElement.lang) wrong.push('no language');
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!field.labels.length && !field.getAttribute('aria-label')) wrong.push(`no label: ${field.outerHTML}`);
  for (const button of document.querySelectorAll('button, a'))
    if (!button.textContent.trim() && !button.getAttribute('aria-label')) wrong.push(`no name: ${button.outerHTML}`);
  for (const table of document.querySelectorAll('main table'))
    if (!table.caption?.textContent.trim()) wrong.push('a table without a caption');
  for (const drawing of document.querySelectorAll('svg:not(.plot svg, #js-plotly-tester)'))
    if (!drawing.closest('.plot') && drawing.getAttribute('aria-hidden') !== 'true' && !drawing.getAttribute('aria-label')) wrong.push('a drawing without words');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) wrong.push(`twice: #${id}`);
  return wrong;
})()
