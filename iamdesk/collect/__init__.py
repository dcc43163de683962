"""Captures a bundle from live accounts: read-only calls to AWS, written to disk as the AWS CLI prints them."""
