"""The findings of a snapshot: a table that filters, and what proves each of them."""
