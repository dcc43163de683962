"""The panel of attack paths."""
