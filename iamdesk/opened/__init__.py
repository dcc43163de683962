"""What is open: a snapshot in memory, or an organization of which accounts are read when they are asked about."""
