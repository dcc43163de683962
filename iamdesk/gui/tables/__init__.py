"""Tables of many rows: one model that sorts and filters, one view, for every panel that shows a list."""
