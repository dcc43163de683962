"""The user guide and its window."""
