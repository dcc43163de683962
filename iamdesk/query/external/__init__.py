"""Callers outside the snapshot: who they could be, and what they are answered."""
