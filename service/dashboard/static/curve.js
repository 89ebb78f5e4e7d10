// A trial's learning curve, drawn from its reports and again when there are more.
import { draw, onTheme } from './plot.js';

const place = document.getElementById('curve');
let reports = [];
let asked = 0;

export async function drawCurve() {
  document.addEventListener('parts', renew);
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
  const metric = document.body.dataset.metric;
  const names = [...new Set(reports.flatMap((report) => Object.keys(report.metrics)))].sort();
  if (!names.length) return;
  const twin = metric.replace(/^dev_/, 'train_');
  const data = names.map((name) => ({
    type: 'scatter',
    mode: reports.length > 60 ? 'lines' : 'lines+markers',
    name,
    visible: name === metric || name === twin || !names.includes(metric) ? true : 'legendonly',
    connectgaps: false,
    line: name === twin && twin !== metric ? { dash: 'dot' } : {},
    ...curve(name),
  }));
  const layout = { margin: { l: 60, r: 20, t: 30, b: 45 }, xaxis: { title: { text: 'step' } }, yaxis: { title: { text: metric } }, showlegend: true, legend: { orientation: 'h', y: 1.12 }, uirevision: 'curve', hovermode: 'x unified' };
  await draw(place, { data, layout }, { name: `trial-${document.body.dataset.trial}` });
  place.dataset.reports = String(reports.length);
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
