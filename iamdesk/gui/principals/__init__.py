"""All principals of the snapshot in one table."""
