"""Decisions over all possible values of condition keys that are not provided."""
