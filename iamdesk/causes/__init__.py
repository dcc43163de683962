"""Findings grouped by what causes them: one statement, trust entry, setting or missing fact each."""
