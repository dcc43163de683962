"""The policy language: from text to compiled statements, independent of accounts."""
