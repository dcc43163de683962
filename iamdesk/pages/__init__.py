"""Pages about one item: what it can do, and who can do what with it, from the evaluators and attack paths."""
