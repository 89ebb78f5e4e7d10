// Two searches in one picture: the best value so far, trial by trial.
import { ask } from './api.js';
import { draw, onTheme } from './plot.js';

const place = document.getElementById('overlay');
const COLOURS = ['#ea580c', '#5b5bd6'];

export async function drawOverlay() {
  onTheme(show);
  document.addEventListener('parts', show);
  await show();
}

async function show() {
  const pair = document.body.dataset.pair.split(' ');
  let figures;
  try {
    figures = await Promise.all(pair.map((id) => ask('GET', `/v1/searches/${id}/charts/history`)));
  } catch {
    return; // the page's mark says that the server is away; the next change asks again
  }
  const data = figures.flatMap((figure, i) => figure.data
    .filter((trace) => trace.mode === 'lines')
    .map((trace) => ({ ...trace, name: `search ${pair[i]}`, showlegend: true, line: { ...trace.line, color: COLOURS[i] } })));
  if (!data.length) return;
  const layout = { margin: { l: 60, r: 20, t: 40, b: 45 }, xaxis: { title: { text: 'trial' } }, yaxis: { title: { text: 'best so far' } }, showlegend: true, legend: { orientation: 'h', y: 1.12 }, uirevision: 'overlay' };
  await draw(place, { data, layout }, { name: 'compare' });
}
