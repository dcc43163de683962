"""Decisions over every value that a condition key may have, where it is not provided."""
