"""What AWS publishes: actions, resource types, condition keys, ARN formats."""
