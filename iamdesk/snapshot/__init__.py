"""The front door: files that AWS's tools wrote, read into one frozen `Snapshot`."""
