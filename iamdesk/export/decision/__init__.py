"""Exports of a single evaluation result, use case or denial, and of the query history."""
