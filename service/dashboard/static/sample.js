// The sample of a search's trials that all views of the page share, and which of them pass the filter.
import { current, parse, passes } from './filter.js';

let last = { etag: null, answer: null };
let asking = null;

export function sample() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

// As many trials as make a figure; fewer where each has hundreds of parameters.
const MOST = 2000;
const MOST_VALUES = 60000;

async function ask() {
  const limit = Math.min(MOST, Math.ceil(MOST_VALUES / Math.max(Number(document.body.dataset.parameters), 1)));
  const answer = await fetch(`/v1/searches/${document.body.dataset.search}/sample?limit=${limit}`);
  if (!answer.ok) throw new Error(`the sample answered ${answer.status}`);
  const etag = answer.headers.get('ETag');
  if (etag !== last.etag || !last.answer) last = { etag, answer: await answer.json() };
  return last.answer;
}

export function fieldsOf(trial) {
  const { value, number, state, round, origin, hyperparameters } = trial;
  const metric = document.body.dataset.metric;
  return { number, value, state, round, origin, [metric]: value, ...hyperparameters };
}

// The ids of the sampled trials that pass the filter; null while there is none.
export async function passing() {
  const terms = parse(current());
  if (!terms || !terms.length) return null;
  const { items } = await sample();
  return new Set(items.filter((trial) => passes(terms, fieldsOf(trial))).map((trial) => trial.id));
}
