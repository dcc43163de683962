"""Attack paths: the steps by which principals escalate their privileges, and what ends them."""
