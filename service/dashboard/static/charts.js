// The charts of a search: each fetched when it comes into view, and again, while it is in view, when the search changed.
import { draw, onTheme } from './plot.js';
import { settled } from './parts.js';
import { passing } from './sample.js';

const PAUSE = 1000; // ms between two drawings of one chart
const TITLES = {
  zoom: 'The zoom: per parameter, the boxes of the rounds over the trials',
  history: 'History: the value of each trial and the best so far',
  importances: 'Importances: which parameters mattered',
  slice: 'Slice: the value over one parameter',
  contour: 'Contour: the value over two parameters',
  curves: 'Learning curves of the leaders',
  bias_variance: 'Bias and variance: train error against dev error',
  timeline: 'Timeline: what each worker ran when',
};

class Chart {
  constructor(place) {
    this.place = place;
    this.name = place.dataset.chart;
    this.isSeen = false;
    this.isOld = true;
    this.etag = null;
    this.figure = null;
    this.asked = 0;
    this.drawnAt = -PAUSE;
    this.timer = 0;
    place.setAttribute('aria-label', TITLES[this.name]);
    place.setAttribute('role', 'group');
    place.hidden = false;
    const section = place.closest('[data-when-drawn]');
    if (section) section.hidden = false;
    for (const choice of document.querySelectorAll(`[data-choose="${this.name}"]`)) {
      choice.addEventListener('change', () => { this.etag = null; this.drawnAt = -PAUSE; this.renew(); });
    }
  }

  get url() {
    const query = new URLSearchParams();
    for (const choice of document.querySelectorAll(`[data-choose="${this.name}"]`)) query.set(choice.dataset.name, choice.value);
    return `/v1/searches/${document.body.dataset.search}/charts/${this.name}${query.size ? `?${query}` : ''}`;
  }

  // What is shown may be old: fetch it when it is looked at, and not too often.
  renew() {
    this.isOld = true;
    if (!this.isSeen || this.timer) return;
    const wait = Math.max(this.drawnAt + PAUSE - performance.now(), 0);
    this.timer = setTimeout(() => { this.timer = 0; this.fetch(); }, wait);
  }

  async fetch() {
    const mine = ++this.asked;
    this.isOld = false;
    this.drawnAt = performance.now();
    try {
      const answer = await fetch(this.url);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      const etag = answer.headers.get('ETag');
      if (mine !== this.asked || (etag && etag === this.etag)) return; // late, or nothing new
      const figure = await answer.json();
      if (mine !== this.asked) return;
      this.etag = etag;
      this.figure = figure;
      await this.show();
    } catch (error) {
      if (mine === this.asked && !this.figure) this.say(error.message);
      this.isOld = true;
    }
  }

  async show() {
    if (!this.figure) return;
    this.place.dataset.url = this.url;
    this.place.querySelector('.failed-words')?.remove();
    const figure = { data: dimmed(this.figure.data, await passing()), layout: this.figure.layout };
    await draw(this.place, figure, { name: this.name, onTrial: (trial) => location.assign(`/trials/${trial}`) });
    this.place.dataset.drawn = String(Number(this.place.dataset.drawn ?? 0) + 1);
  }

  say(words) {
    const line = this.place.querySelector('.failed-words') ?? document.createElement('p');
    line.className = 'failed-words';
    line.textContent = `${TITLES[this.name]}: ${words}`;
    this.place.append(line);
  }
}

// The selected trial's dot speaks up in a chart of one panel.
function point(chart, trial) {
  const plot = chart.place.querySelector('.plot');
  if (!plot?.data || !chart.isSeen || chart.name === 'zoom') return;
  const found = plot.data.flatMap((trace, curveNumber) => {
    const pointNumber = Array.isArray(trace.customdata) ? trace.customdata.map(String).indexOf(trial) : -1;
    return pointNumber < 0 ? [] : [{ curveNumber, pointNumber }];
  });
  if (found.length) window.Plotly.Fx.hover(plot, found.slice(0, 1));
  else window.Plotly.Fx.unhover(plot, {});
}

// Trials that do not pass the filter fade.
function dimmed(data, ids) {
  if (!ids) return data;
  return data.map((trace) => {
    if (!Array.isArray(trace.customdata)) return trace;
    const kept = trace.customdata.flatMap((id, i) => (ids.has(String(id)) ? [i] : []));
    return { ...trace, selectedpoints: kept, unselected: { marker: { opacity: 0.07 } } };
  });
}

export function drawAll() {
  const charts = [...document.querySelectorAll('[data-chart]')].map((place) => new Chart(place));
  const byPlace = new Map(charts.map((chart) => [chart.place, chart]));
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const chart = byPlace.get(entry.target);
      chart.isSeen = entry.isIntersecting;
      if (chart.isSeen && chart.isOld) chart.renew();
    }
  }, { rootMargin: '300px' });
  charts.forEach((chart) => observer.observe(chart.place));
  document.addEventListener('parts', () => charts.forEach((chart) => chart.renew()));
  document.addEventListener('filtered', async () => {
    await settled(); // the table first: it is what the reader waits for
    charts.forEach((chart) => chart.show());
  });
  document.addEventListener('selected', (event) => charts.forEach((chart) => point(chart, event.detail.trial)));
  onTheme(() => charts.forEach((chart) => chart.show()));
}
