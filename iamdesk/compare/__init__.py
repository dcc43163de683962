"""Two snapshots side by side: what changed in effect, and by which change."""
