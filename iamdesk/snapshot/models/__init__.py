"""Shapes of the outputs of the AWS CLI."""
