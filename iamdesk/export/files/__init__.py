"""Helpers for writing files."""
