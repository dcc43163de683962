"""Files of one evaluated request, use case, denial, or the query history."""
