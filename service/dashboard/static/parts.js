// Replaces the parts of this page that the server draws differently by now. A part is an element with data-part and an
// id; the server escaped every text in it, and it is parsed in a document in which nothing runs.
import { say } from './mark.js';

const main = document.getElementById('main');
let shown = Number(main.dataset.changes ?? -1);
let asked = 0;
let under = null; // the request under way
let again = false;

// Fetches the page as its address says now. One at a time: what changes meanwhile is in the next.
export function refresh() {
  if (under) {
    again = true;
    return under;
  }
  under = fetchParts().finally(() => {
    under = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return under;
}

// When the request that is under way, if any, is shown.
export function settled() {
  return (under ?? Promise.resolve()).catch(() => {});
}

// The address has changed: an answer to the old one is no longer wanted.
export function refreshFor(url) {
  history.pushState(null, '', url);
  asked += 1;
  again = true;
  return under ?? refresh();
}

async function fetchParts() {
  again = false;
  const mine = asked;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 10000);
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store', signal: controller.signal });
    const text = await answer.text();
    if (mine !== asked) return;
    if (!answer.ok) throw new Error(String(answer.status));
    show(new DOMParser().parseFromString(text, 'text/html'));
  } finally {
    clearTimeout(timer);
  }
}

function show(page) {
  const changes = Number(page.getElementById('main').dataset.changes ?? -1);
  if (changes < shown) return; // a late answer: what is shown is newer
  shown = changes;
  main.dataset.changes = String(changes);
  const focused = document.activeElement?.id;
  let changed = false;
  for (const fresh of page.querySelectorAll('[data-part]')) {
    const old = document.getElementById(fresh.id);
    if (!old || old.innerHTML === fresh.innerHTML) continue;
    keep(old, fresh);
    old.replaceChildren(...fresh.childNodes);
    for (const name of fresh.getAttributeNames()) if (name !== 'hidden') old.setAttribute(name, fresh.getAttribute(name));
    changed = true;
  }
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  if (changed) document.dispatchEvent(new CustomEvent('parts', { detail: { changes } }));
  if (!page.getElementById('main').dataset.poll && main.dataset.poll) {
    delete main.dataset.poll;
    say('ended');
  }
}

// What the reader did to the old part: the row that is selected, folds that are open, fields that are typed in, how
// far it is scrolled; and which rows are new.
function keep(old, fresh) {
  const rows = new Set([...old.querySelectorAll('[data-row]')].map((row) => row.dataset.row));
  const selected = old.querySelector('[aria-selected="true"]')?.dataset.row;
  for (const row of fresh.querySelectorAll('[data-row]')) {
    if (row.dataset.row === selected) row.setAttribute('aria-selected', 'true');
    if (rows.size && !rows.has(row.dataset.row)) row.classList.add('fresh');
  }
  const folds = old.querySelectorAll('details');
  fresh.querySelectorAll('details').forEach((fold, i) => { if (folds[i]) fold.open = folds[i].open; });
  for (const field of old.querySelectorAll('input[id]')) {
    if (field.value !== field.defaultValue) {
      const twin = [...fresh.querySelectorAll('input')].find((one) => one.id === field.id);
      if (twin) twin.value = field.value;
    }
  }
  const scrolled = old.querySelector('.scroll')?.scrollLeft;
  if (scrolled) queueMicrotask(() => { const box = old.querySelector('.scroll'); if (box) box.scrollLeft = scrolled; });
}

window.addEventListener('popstate', () => { asked += 1; again = true; if (!under) refresh(); });
