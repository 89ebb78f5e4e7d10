// The leaderboard's filter, order and pages without loading the page anew; the address always says what is shown.
import { refreshFor } from './parts.js';
import { current } from './filter.js';

const field = document.getElementById('where');

export function setFilter(where) {
  const query = new URLSearchParams(location.search);
  query.delete('after');
  if (where) query.set('where', where);
  else query.delete('where');
  field.value = where;
  go(query.size ? `?${query}` : location.pathname);
}

function go(url) {
  refreshFor(url).catch(() => location.reload());
  document.dispatchEvent(new CustomEvent('filtered', { detail: { where: current() } }));
}

export function followFilter() {
  document.getElementById('filter').addEventListener('submit', (event) => {
    event.preventDefault();
    setFilter(field.value.trim());
  });
  field.addEventListener('search', () => { if (field.value === '' && current()) setFilter(''); });
  document.getElementById('part-board').addEventListener('click', (event) => {
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const url = new URL(link.href);
    if (url.pathname !== location.pathname) return;
    event.preventDefault();
    field.value = url.searchParams.get('where') ?? '';
    go(url.search || url.pathname);
  });
  window.addEventListener('popstate', () => {
    field.value = current();
    document.dispatchEvent(new CustomEvent('filtered', { detail: { where: current() } }));
  });
}
