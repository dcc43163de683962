"""The evidence package of a review: written, read back, verified, signed."""
