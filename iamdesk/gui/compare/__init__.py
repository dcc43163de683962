"""Two snapshots side by side: what changed in effect."""
