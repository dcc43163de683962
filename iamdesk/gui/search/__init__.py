"""Search everywhere: one palette over all that has a name."""
