// A trial's learning curve, drawn from its reports and again when there are more.
import { colour, draw, onTheme } from './plot.js';

const place = document.getElementById('curve');
const chosen = document.getElementById('curve-metric');
const PART = /^(train|dev|test)_/;
let reports = [];
let asked = 0;

export async function drawCurve() {
  document.addEventListener('parts', renew);
  chosen.addEventListener('change', show);
  onTheme(show);
  await renew();
}

async function renew() {
  const mine = ++asked;
  const found = [];
  let after = '';
  do {
    const answer = await fetch(`/v1/trials/${document.body.dataset.trial}/reports?limit=1000${after}`);
    if (!answer.ok || mine !== asked) return;
    const page = await answer.json();
    found.push(...page.items);
    after = page.next ? `&after=${encodeURIComponent(page.next)}` : null;
  } while (after && found.length < 5000);
  if (mine !== asked || found.length === reports.length) return;
  reports = found;
  await show();
}

async function show() {
  const families = byFamily();
  if (!families.size) return;
  choose([...families.keys()]);
  const family = chosen.value;
  const data = families.get(family).map((name) => ({
    type: 'scatter',
    mode: reports.length > 60 ? 'lines' : 'lines+markers',
    name,
    connectgaps: false,
    line: { color: colour(name.startsWith('train_') ? 'dim' : 'running'), dash: name.startsWith('test_') ? 'dash' : 'solid' },
    ...curve(name),
  }));
  const layout = {
    margin: { l: 60, r: 20, t: 40, b: 45 },
    xaxis: { title: { text: 'step' } },
    yaxis: { title: { text: family } },
    showlegend: true,
    legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
    uirevision: family,
    hovermode: 'x unified',
  };
  await draw(place, { data, layout }, { name: `trial-${document.body.dataset.trial}` });
  place.dataset.reports = String(reports.length);
}

// One quantity on each part of the data: accuracy holds train_accuracy and dev_accuracy.
function byFamily() {
  const families = new Map();
  for (const name of [...new Set(reports.flatMap((report) => Object.keys(report.metrics)))].sort()) {
    const family = name.replace(PART, '');
    families.set(family, [...(families.get(family) ?? []), name]);
  }
  return families;
}

// The search's metric first, until the reader chooses.
function choose(names) {
  if (chosen.options.length === names.length) return;
  const before = chosen.value || document.body.dataset.metric.replace(PART, '');
  chosen.replaceChildren(...names.map((name) => new Option(name)));
  chosen.value = names.includes(before) ? before : names[0];
  document.getElementById('curve-choice').hidden = names.length < 2;
}

// A gap stands between two attempts.
function curve(name) {
  const [x, y] = [[], []];
  let attempt = null;
  for (const report of reports) {
    const value = report.metrics[name];
    if (typeof value !== 'number') continue;
    if (attempt !== null && report.attempt !== attempt) { x.push(null); y.push(null); }
    attempt = report.attempt;
    x.push(report.step);
    y.push(value);
  }
  return { x, y };
}
