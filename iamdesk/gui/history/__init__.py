"""The query history."""
