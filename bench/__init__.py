"""Caviar side by side with its peers: `python -m bench.NAME` prints a table and, as its last line, one JSON object."""
