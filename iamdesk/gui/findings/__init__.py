"""The findings panel: a table with filters, and the evidence of each finding."""
