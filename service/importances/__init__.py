"""Which parameters mattered: values in, values out; no storage and no clock."""
