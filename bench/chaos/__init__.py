"""The chaos rig: real servers and workers under faults, and a checker of what was acknowledged."""
