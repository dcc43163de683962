"""Collect from AWS, in the window."""
