"""Sentences that several exports share."""
