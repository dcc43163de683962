"""What-if: changes to a copy of a snapshot, and the AWS CLI commands for them. Nothing is sent to AWS."""
