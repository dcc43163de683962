"""The ledger: what reviewers decided on the entitlements of one snapshot, kept in one file."""
