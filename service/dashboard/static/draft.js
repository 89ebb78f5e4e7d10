// A new search: its YAML is checked as it is typed, and says what the first trials would be. Fields and text are one.
import { ask, freshKey } from './api.js';
import { notice } from './notice.js';

const PAUSE = 250;
const text = document.getElementById('yaml');
const verdict = document.getElementById('verdict');
const submit = document.getElementById('submit');
const fields = [...document.querySelectorAll('[data-field]')];
let asked = 0;
let timer = 0;
let spec = null;
let key = freshKey();

export function checkAsTyped() {
  text.addEventListener('input', later);
  text.addEventListener('keydown', indent);
  for (const field of fields) field.addEventListener('input', () => { write(field.dataset.field, field.value); later(); });
  document.getElementById('draft').addEventListener('submit', start);
  check();
}

function later() {
  spec = null;
  submit.disabled = true;
  key = freshKey();
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
}

async function check() {
  const mine = ++asked;
  let found;
  try {
    const answer = await fetch('/new/check', { method: 'POST', headers: { 'Content-Type': 'application/yaml' }, body: text.value });
    if (!answer.ok) throw new Error('the spec could not be checked: is it very long?');
    found = await answer.json();
  } catch (error) {
    found = { problems: [{ field: '', detail: error instanceof TypeError ? 'the server does not answer' : error.message }] };
  }
  if (mine !== asked) return;
  spec = found.spec ?? null;
  submit.disabled = spec === null;
  text.setAttribute('aria-invalid', String(spec === null));
  verdict.textContent = spec ? `Good: ${spec.trials} trials, ${spec.parallel ?? 1} at once.` : 'Not yet a spec:';
  list(found.problems);
  table(found.draws ?? []);
  if (spec) read();
}

function list(problems) {
  document.getElementById('problems').replaceChildren(...problems.map(({ field, detail }) => {
    const item = document.createElement('li');
    const name = document.createElement('b');
    name.textContent = field ? `${field} ` : '';
    item.append(name, detail);
    return item;
  }));
}

function table(draws) {
  const names = [...new Set(draws.flatMap((draw) => Object.keys(draw)))];
  const row = (cells, kind) => {
    const line = document.createElement('tr');
    for (const cell of cells) {
      const place = document.createElement(kind);
      place.className = 'num';
      place.textContent = cell === undefined ? '–' : typeof cell === 'number' ? String(Number(cell.toPrecision(5))) : typeof cell === 'string' ? cell : JSON.stringify(cell);
      line.append(place);
    }
    return line;
  };
  const drawn = document.getElementById('draws');
  drawn.tHead.replaceChildren(row(names, 'th'));
  drawn.tBodies[0].replaceChildren(...draws.map((draw) => row(names.map((name) => draw[name]), 'td')));
  document.getElementById('draws-section').hidden = draws.length === 0;
}

// The fields show what the text says.
function read() {
  for (const field of fields) if (document.activeElement !== field) field.value = spec[field.dataset.field] ?? '';
}

// A field's line in the text, which is added where there is none.
function write(name, value) {
  const line = `${name}: ${/^[\w.-]+$/.test(value) ? value : JSON.stringify(value)}`;
  const old = new RegExp(`^${name}:.*$`, 'm');
  if (value === '') text.value = text.value.replace(new RegExp(`^${name}:.*\n?`, 'm'), '');
  else if (old.test(text.value)) text.value = text.value.replace(old, () => line);
  else text.value = `${line}\n${text.value}`;
}

// Enter keeps the line's indentation.
function indent(event) {
  if (event.key !== 'Enter' || event.shiftKey || event.ctrlKey) return;
  const before = text.value.slice(0, text.selectionStart);
  const margin = before.slice(before.lastIndexOf('\n') + 1).match(/^ */)[0];
  event.preventDefault();
  text.setRangeText(`\n${margin}`, text.selectionStart, text.selectionEnd, 'end');
  later();
}

async function start(event) {
  event.preventDefault();
  if (!spec) return;
  submit.disabled = true;
  try {
    const search = await ask('POST', '/v1/searches', spec, { 'Idempotency-Key': key });
    location.assign(`/searches/${search.id}`);
  } catch (error) {
    notice(error.message);
    submit.disabled = false;
  }
}
