// Buttons that change something: a PATCH or a POST of JSON, then the page as the server sees it.
import { ask, freshKey } from './api.js';
import { notice } from './notice.js';
import { refresh } from './parts.js';

export function offerActions() {
  for (const row of document.querySelectorAll('.actions')) row.hidden = false;
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.patch) change(button, searchPath(), JSON.parse(button.dataset.patch));
    else if (button.dataset.patchTrial) change(button, `/v1/trials/${document.body.dataset.trial}`, JSON.parse(button.dataset.patchTrial));
    else if (button.dataset.extend) extend(button);
    else if (button.dataset.enqueue) enqueue(button);
    else if (button.dataset.copy) copy(button);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target.id === 'budget') document.getElementById('extend')?.click();
  });
}

function searchPath() {
  return `/v1/searches/${document.body.dataset.search}`;
}

async function change(button, path, body) {
  if (button.dataset.sure && !window.confirm(button.dataset.sure)) return;
  await doing(button, async () => {
    await ask('PATCH', path, body);
    await refresh();
  });
}

async function extend(button) {
  const field = document.getElementById(button.dataset.extend);
  if (!field.reportValidity()) return;
  await doing(button, async () => {
    const search = await ask('PATCH', searchPath(), { trials: Number(field.value) });
    field.value = field.defaultValue;
    notice(`The budget is ${search.trials} trials now.`);
    await refresh();
  });
}

async function enqueue(button) {
  button.dataset.key ??= freshKey(); // pressed twice in a row it is still one trial
  await doing(button, async () => {
    const headers = { 'Idempotency-Key': button.dataset.key };
    const trial = await ask('POST', `${searchPath()}/trials`, JSON.parse(button.dataset.enqueue), headers);
    delete button.dataset.key;
    location.assign(`/trials/${trial.id}`);
  });
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
    notice('Copied.');
  } catch {
    // Without https, or without leave, there is no clipboard: show the text, selected.
    const source = document.getElementById(button.dataset.copy);
    source.closest('details').open = true;
    getSelection().selectAllChildren(source);
    notice('This browser keeps its clipboard closed here: the text is selected, press Ctrl-C.');
  }
}

async function doing(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    notice(error.message);
  } finally {
    button.disabled = false;
  }
}
