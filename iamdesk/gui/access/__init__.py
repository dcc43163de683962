"""The tab of effective permissions."""
