"""The comparison of two snapshots: changes in effective access."""
