"""What is open: a snapshot in memory, or an organization whose accounts are read when they are asked about."""
