"""Several actions evaluated as one use case, and the dependent actions of one call."""
