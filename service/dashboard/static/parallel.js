// Parallel coordinates on a canvas of our own: Plotly's need WebGL and inline styles that the policy refuses.
// An axis per parameter, on the scale it is drawn on, and one for the value. A brush on an axis is a term of the filter.
import { ask } from './api.js';
import { current, parse, passes, replaced } from './filter.js';
import { setFilter } from './board.js';
import { fieldsOf, sample } from './sample.js';
import { colour, onTheme } from './plot.js';

const HEIGHT = 250;
const TOP = 34;
const BOTTOM = 18;
const NARROWEST = 92; // an axis takes at least so many pixels
const MOST_AXES = 12;
const place = document.getElementById('parallel');
const canvas = document.createElement('canvas');
let axes = [];
let trials = [];
let brush = null;
let marked = null;
let renewing = 0;

export async function drawParallel() {
  let search;
  try {
    search = await ask('GET', `/v1/searches/${document.body.dataset.search}`);
  } catch {
    // The page's mark says that the server is away; its first answer asks again.
    document.addEventListener('parts', drawParallel, { once: true });
    return;
  }
  const varying = Object.entries(search.spec.space).filter(([, given]) => given && typeof given === 'object' && !Array.isArray(given));
  if (varying.length === 0) return;
  axes = varying.slice(0, MOST_AXES - 1).map(([name, given]) => parameterAxis(name, given));
  axes.push({ name: document.body.dataset.metric, isValue: true });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', 'Parallel coordinates: drag along an axis to filter; the filter field does the same by keyboard');
  const words = document.createElement('p');
  words.className = 'row';
  words.textContent = 'Drag along an axis to filter; click beside the brush to drop it.';
  place.append(canvas, words);
  place.hidden = false;
  canvas.addEventListener('pointerdown', begin);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', () => { brush = null; paint(); });
  new ResizeObserver(paint).observe(place);
  document.addEventListener('filtered', paint);
  document.addEventListener('selected', (event) => {
    marked = event.detail.trial;
    place.dataset.marked = marked ?? '';
    paint();
  });
  document.addEventListener('parts', () => { renewing ||= setTimeout(() => { renewing = 0; renew(); }, 800); });
  onTheme(paint);
  await renew();
}

async function renew() {
  try {
    const found = await sample();
    trials = found.items.filter((trial) => trial.value !== null);
    place.dataset.trials = String(trials.length);
    paint();
  } catch { /* the page's mark says that the server is away; the next change asks again */ }
}

// Where a value stands, 0 at the bottom and 1 at the top, and back.
function parameterAxis(name, given) {
  if (given.values) {
    const isNumeric = given.values.every((value) => typeof value === 'number');
    const values = isNumeric && given.ordered !== false ? [...given.values].sort((a, b) => a - b) : given.values;
    return { name, values, isNumeric, at: (value) => (values.indexOf(value) + 0.5) / values.length };
  }
  const { low, high, scale = 'linear' } = given;
  const warp = { linear: (x) => x, log: Math.log10, reverse_log: (x) => -Math.log10(1 - x) }[scale];
  const back = { linear: (r) => r, log: (r) => 10 ** r, reverse_log: (r) => 1 - 10 ** -r }[scale];
  const [from, to] = [warp(low), warp(high)];
  return {
    name, low, high, scale, isWhole: given.type === 'int',
    at: (value) => (warp(value) - from) / (to - from),
    valueAt: (u) => Math.min(Math.max(back(from + u * (to - from)), low), high),
  };
}

function fitValueAxis() {
  const axis = axes.at(-1);
  const values = trials.map((trial) => trial.value).sort((a, b) => a - b);
  // A few that are far worse would press all others together; they stand at the axis' end.
  const cut = (share) => values[Math.min(Math.floor(share * values.length), values.length - 1)] ?? 0;
  const isMaximized = document.body.dataset.goal === 'maximize';
  axis.low = isMaximized ? cut(0.05) : cut(0);
  axis.high = isMaximized ? cut(1) : cut(0.95);
  const width = axis.high - axis.low || 1;
  axis.at = (value) => Math.min(Math.max((value - axis.low) / width, 0), 1);
  axis.valueAt = (u) => axis.low + u * width;
}

const x = (i) => 40 + (i * (canvas.clientWidth - 80)) / Math.max(axes.length - 1, 1);
const y = (u) => TOP + (1 - u) * (HEIGHT - TOP - BOTTOM);

function paint() {
  if (!axes.length) return;
  fitValueAxis();
  const width = Math.max(place.clientWidth, axes.length * NARROWEST);
  const ratio = devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  paintLines(pen);
  paintAxes(pen);
}

function paintLines(pen) {
  const terms = parse(current()) ?? [];
  const isBetter = document.body.dataset.goal === 'maximize' ? 1 : -1;
  const ordered = [...trials].sort((a, b) => isBetter * (a.value - b.value)); // the best are painted last
  let kept = 0;
  ordered.forEach((trial, i) => {
    const isKept = passes(terms, fieldsOf(trial));
    kept += isKept;
    const share = ordered.length > 1 ? i / (ordered.length - 1) : 1;
    const isBest = share >= 0.97 || trial.id === marked;
    pen.globalAlpha = trial.id === marked ? 1 : isKept ? 0.12 + 0.5 * share ** 2 : 0.03;
    pen.strokeStyle = colour(isBest ? 'running' : 'completed');
    pen.lineWidth = trial.id === marked ? 3 : isBest ? 1.8 : 1;
    pen.beginPath();
    let isDown = false;
    axes.forEach((axis, at) => {
      const value = axis.isValue ? trial.value : trial.hyperparameters[axis.name];
      if (value === undefined || value === null) { isDown = false; return; }
      if (isDown) pen.lineTo(x(at), y(axis.at(value)));
      else pen.moveTo(x(at), y(axis.at(value)));
      isDown = true;
    });
    pen.stroke();
  });
  pen.globalAlpha = 1;
  place.dataset.kept = String(kept);
}

function paintAxes(pen) {
  pen.font = `12px ${colour('sans')}`;
  axes.forEach((axis, i) => {
    pen.strokeStyle = colour('dim');
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x(i), y(0));
    pen.lineTo(x(i), y(1));
    pen.stroke();
    const span = brush?.axis === i ? [brush.from, brush.to].sort((a, b) => a - b) : brushed(axis);
    if (span) {
      pen.fillStyle = colour('running');
      pen.globalAlpha = 0.35;
      pen.fillRect(x(i) - 7, y(span[1]), 14, Math.max(y(span[0]) - y(span[1]), 2));
      pen.globalAlpha = 1;
    }
    pen.textAlign = i === 0 ? 'left' : i === axes.length - 1 ? 'right' : 'center';
    const left = x(i) + (i === 0 ? -36 : i === axes.length - 1 ? 36 : 0);
    pen.fillStyle = colour('ink');
    pen.fillText(axis.name + (axis.scale === 'log' ? ' (log)' : axis.scale === 'reverse_log' ? ' (1−log)' : ''), left, 13, canvas.clientWidth / axes.length);
    pen.fillStyle = colour('dim');
    pen.fillText(words(axis.values ? axis.values.at(-1) : axis.high), left, 27);
    pen.fillText(words(axis.values ? axis.values[0] : axis.low), left, HEIGHT - 4);
  });
}

// Where the filter holds this axis, as [from, to] of 0 … 1.
function brushed(axis) {
  const term = (parse(current()) ?? []).find((one) => one.name === axis.name && one.sign === '=');
  if (!term) return null;
  if (axis.values) {
    const chosen = axis.values.map((value, i) => [String(value), i]).filter(([text]) => term.value.split('|').includes(text)).map(([, i]) => i);
    return chosen.length ? [chosen[0] / axis.values.length, (chosen.at(-1) + 1) / axis.values.length] : null;
  }
  const range = term.value.match(/^(.*)\.\.(.*)$/);
  if (!range) return null;
  const at = (text, other) => (text === '' ? other : Math.min(Math.max(axis.at(Number(text)), 0), 1));
  return [at(range[1], 0), at(range[2], 1)];
}

function words(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(3))) : String(value).slice(0, 14);
}

function where(event) {
  const box = canvas.getBoundingClientRect();
  const u = 1 - (event.clientY - box.top - TOP) / (HEIGHT - TOP - BOTTOM);
  return { left: event.clientX - box.left, u: Math.min(Math.max(u, 0), 1) };
}

function begin(event) {
  const { left, u } = where(event);
  const axis = axes.findIndex((_, i) => Math.abs(x(i) - left) < 22);
  if (axis < 0) return;
  brush = { axis, from: u, to: u };
  canvas.setPointerCapture(event.pointerId);
}

function move(event) {
  if (!brush) return;
  brush.to = where(event).u;
  paint();
}

function end() {
  if (!brush) return;
  const axis = axes[brush.axis];
  const [from, to] = [brush.from, brush.to].sort((a, b) => a - b);
  brush = null;
  setFilter(replaced(current(), axis.name, to - from < 0.02 ? null : term(axis, from, to)));
  paint();
}

function term(axis, from, to) {
  if (axis.values) {
    const inside = axis.values.filter((value) => from <= axis.at(value) && axis.at(value) <= to).map(String);
    const text = inside.join('|');
    return inside.length ? `${axis.name}=${/^[\w.+|-]+$/.test(text) ? text : `"${text.replaceAll('"', '')}"`}` : null;
  }
  const [low, high] = [axis.valueAt(from), axis.valueAt(to)];
  if (axis.isWhole) return `${axis.name}=${Math.ceil(low)}..${Math.floor(high)}`;
  return `${axis.name}=${from <= 0 ? '' : Number(low.toPrecision(4))}..${to >= 1 ? '' : Number(high.toPrecision(4))}`;
}
