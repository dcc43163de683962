"""Notes and marks of the user on principals, policies, resources and findings, in a file beside the snapshot."""
