// Elements that reach beyond the window and do not scroll in a box of their own.
document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('main *, header *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest('.scroll *, .chart *, .parallel *, pre'))
  .map((one) => one.outerHTML.slice(0, 120)).concat(`${document.scrollingElement.scrollWidth} pixels`)
