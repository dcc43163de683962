"""The review: what is decided on each entitlement of a snapshot, by keyboard, saved as it is made."""
