"""Lookups over a snapshot: who has which policies, what each statement covers, what an organization attaches."""
