"""Explains evaluations: results in order and in words."""
