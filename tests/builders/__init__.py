"""What tests make snapshots of: one small world of users, roles, groups, policies and accounts."""
