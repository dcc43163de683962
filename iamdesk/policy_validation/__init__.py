"""Validation of single policy documents, of every type, as AWS's policy checks do."""
