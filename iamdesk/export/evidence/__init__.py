"""The evidence package of a review: writing, importing, verifying and signing it."""
