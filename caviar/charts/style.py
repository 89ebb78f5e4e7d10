"""The colours of the charts: readable on light and on dark paper, and told apart without seeing red or green."""

SHADES = [[0.0, "#a9b8c6"], [0.5, "#6c9bc4"], [0.85, "#5b5bd6"], [1.0, "#ea580c"]]
"""From the worst to the best, which stands out."""
NUMBERS = [[0.0, "#c3cfda"], [1.0, "#2b6cb0"]]
"""From the first trial to the newest."""
SURFACE = [[0.0, "#d9dee4"], [0.5, "#9dbfe0"], [1.0, "#4f7fc4"]]
"""Below the dots of a contour: from the worst to the best."""
OUTLINE = "rgba(255, 255, 255, 0.8)"
BAR = "#5b5bd6"
BEST = "#ea580c"
BAND = "rgba(91, 91, 214, 0.20)"
BAND_EDGE = "rgba(91, 91, 214, 0.55)"
FAINT = "rgba(128, 140, 152, 0.45)"
OPEN = "#8a94a0"
KEYS = {"completed": "#5b5bd6", "stopped": "#5b5bd6", "failed": "#c0264b", "diverged": "#c0264b"}
"""Of a kind of trial, where no shade tells how good each is."""
CURVES = ["#ea580c", "#5b5bd6", "#0f8f8f", "#b0268f", "#b7791f", "#2b6cb0", "#5f7d1c", "#8a5a44", "#7c8798", "#c0264b"]
OUTCOMES = {
    "running": "#2b6cb0",
    "completed": "#5b8c5a",
    "stopped": "#b7791f",
    "failed": "#c0264b",
    "cancelled": "#8a94a0",
    "lost": "#b0268f",
    "returned": "#8a5a44",
}
