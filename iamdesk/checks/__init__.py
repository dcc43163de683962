"""Built-in checks: questions that a reviewer would put to a snapshot, and what they found."""
