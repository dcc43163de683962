"""Findings and answers leave the house: one module for each format."""
