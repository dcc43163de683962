"""The clerk: the decision in order and in words."""
