"""Changes tried on a copy of the open snapshot."""
