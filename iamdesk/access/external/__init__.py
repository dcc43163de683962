"""External principals: access from outside the accounts of the snapshot."""
