"""Denied requests, from messages and records, put to the snapshot again."""
