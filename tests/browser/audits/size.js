// Bytes that were sent before any chart.
[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .filter((one) => !one.name.includes('plotly') && !one.name.includes('/charts/') && !one.name.includes('/sample'))
  .reduce((sum, one) => sum + one.transferSize, 0)
