"""Questions put to the evaluator: one request, many principals, self-contained cases."""
