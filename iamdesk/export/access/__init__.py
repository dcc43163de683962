"""Exports of who can, effective permissions and the access matrix."""
