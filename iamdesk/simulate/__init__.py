"""Requests built from a snapshot: the principal, its policies, the resource and what AWS adds."""
