// What Plotly has drawn in a chart.
(chart) => {
  const plot = document.querySelector(`[data-chart="${chart}"] .plot`);
  return JSON.parse(JSON.stringify({ data: plot.data, layout: plot.layout }));
}
