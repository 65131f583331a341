"""The optimisers: a class for each. None is imported before a training names it."""
