"""What everybody can: a map of all principals by services."""
