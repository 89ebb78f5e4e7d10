"""Neural networks in NumPy, K at once: the ground floor, which knows no trial and no HTTP."""
