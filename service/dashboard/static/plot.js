// Plotly, fetched when the first chart is to be seen, and a figure of the server drawn in the colours of this page.
let loading = null;
let turn = Promise.resolve();

function load() {
  loading ??= new Promise((done, failed) => {
    // Plotly brings styles for maps in a <style> that the policy refuses, unless something bears its id. We draw no maps.
    const taken = document.createElement('span');
    taken.id = '9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53';
    taken.hidden = true;
    document.body.append(taken);
    const script = document.createElement('script');
    script.src = document.body.dataset.plotly;
    script.onload = () => done(window.Plotly);
    script.onerror = () => { loading = null; failed(new Error('the chart library did not arrive')); };
    document.head.append(script);
  });
  return loading;
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// One drawing at a time, and the reader's clicks and keys between two.
function inTurn(work) {
  turn = turn.then(() => new Promise((done) => setTimeout(done, 0))).then(work, work);
  return turn;
}

// `place` is a figure element; the drawing is its child .plot, made at the first time.
export async function draw(place, figure, about) {
  const plotly = await load();
  await inTurn(() => drawNow(plotly, place, figure, about));
}

async function drawNow(plotly, place, figure, { name, onTrial }) {
  let plot = place.querySelector('.plot');
  if (!plot) {
    plot = document.createElement('div');
    plot.className = 'plot';
    place.append(tools(place, plot, name), plot);
  }
  place.hidden = false;
  const layout = themed(figure.layout, place.clientWidth);
  plot.style.height = `${layout.height ?? 320}px`;
  await plotly.react(plot, figure.data, layout, { responsive: true, displayModeBar: false, doubleClickDelay: 400 });
  if (onTrial && !plot.dataset.follows) {
    plot.dataset.follows = 'yes';
    plot.on('plotly_click', (event) => {
      const trial = event.points.map((point) => point.customdata).find((id) => typeof id === 'string' || typeof id === 'number');
      if (trial !== undefined) onTrial(String(trial));
    });
  }
}

function tools(place, plot, name) {
  const row = document.createElement('div');
  row.className = 'tools';
  const svg = document.createElement('button');
  svg.type = 'button';
  svg.textContent = 'SVG';
  svg.title = 'save this chart as an SVG file';
  svg.addEventListener('click', async () => {
    const box = plot.getBoundingClientRect();
    const image = await window.Plotly.toImage(plot, { format: 'svg', width: box.width, height: box.height });
    const text = decodeURIComponent(image.slice(image.indexOf(',') + 1));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
    link.download = `${name}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  row.append(svg);
  if (place.dataset.url) {
    const json = document.createElement('a');
    json.href = place.dataset.url;
    json.textContent = 'JSON';
    json.title = 'this figure as data';
    row.append(json);
  }
  return row;
}

const NARROW = 520; // pixels: on a phone the scale of colours would take a quarter of the chart

function themed(layout, width) {
  const [ink, dim, line, faint, card] = ['ink', 'dim', 'line', 'faint', 'card'].map(colour);
  const paper = {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: colour('sans'), size: 12, color: ink, ...layout.font },
    hoverlabel: { bgcolor: card, bordercolor: line, font: { color: ink }, align: 'left', ...layout.hoverlabel },
    autosize: true,
  };
  const found = { ...layout, ...paper };
  if (width < NARROW && layout.coloraxis) found.coloraxis = { ...layout.coloraxis, showscale: false };
  for (const name of new Set(['xaxis', 'yaxis', ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))])) {
    found[name] = { gridcolor: faint, linecolor: line, zerolinecolor: line, tickcolor: line, tickfont: { color: dim }, automargin: true, ...layout[name] };
  }
  return found;
}

// Calls back when the reader changes between light and dark.
export function onTheme(redraw) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
}
