"""Principals outside the accounts of the snapshot, as rows beside those inside."""
