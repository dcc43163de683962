"""Files of findings, one module a format."""
