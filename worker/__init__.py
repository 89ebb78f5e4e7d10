"""Runs what it claims over HTTP: stacks of networks of the built-in trainer. A worker never opens the database."""
