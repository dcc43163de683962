"""Asking in reverse: who can do something, and what somebody can do."""
