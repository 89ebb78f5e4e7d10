"""Stopping rules: values in, values out. No storage, no clock, no global random state."""
