"""Findings reports, one module for each file format."""
