"""The inspector: everything about the selected item: facts, policies and their origin, policy texts."""
