"""A sandbox on a snapshot: changes are made to a copy, and told as commands of the AWS CLI. AWS is never asked."""
