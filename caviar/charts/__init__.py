"""Charts as plain Plotly figures, {"data": […], "layout": {…}}: from the wire's models to a dict, without Plotly.

One module per chart. Only SVG traces, which a strict content security policy lets through; no template and no font:
whoever draws a figure gives it its theme. docs/charts.md says what each shows.
"""
