"""Facts of a snapshot, built from outputs of the AWS CLI."""
