"""The access matrix: principals by service."""
