"""The policy language: from text to compiled statements. Knows no account."""
