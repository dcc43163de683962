"""The request bar, the context table, and the panel with the result."""
