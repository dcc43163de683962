"""Access reviews: reviewers' decisions on the entitlements and findings of one snapshot, in one file."""
