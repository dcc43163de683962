"""Open snapshots: in memory, or an organization whose accounts are read on demand."""
