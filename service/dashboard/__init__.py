"""The pages at /: what a person sees of searches, trials and workers, complete without JavaScript."""
