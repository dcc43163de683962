"""The panel of who can perform an action on a resource."""
