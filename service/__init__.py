"""The FastAPI server that owns every search: api/, samplers/, storage/."""
