"""Access changes between two snapshots."""
