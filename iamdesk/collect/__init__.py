"""Captures a bundle from AWS accounts: read-only calls, with the outputs as the AWS CLI prints them."""
