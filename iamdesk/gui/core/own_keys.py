"""Keys that a field handles itself although they are a command's (``gui/app/command_keys.py``)."""

OWN_KEYS = "ownKeys"
"""Property of a field: the names of these keys, as Qt writes them."""
