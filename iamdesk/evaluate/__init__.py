"""The evaluation engine: one request, one decision."""
