"""Access of all principals at once: who can, effective permissions, the access matrix."""
