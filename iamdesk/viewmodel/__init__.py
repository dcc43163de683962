"""What front ends show of a snapshot: the tree, subjects, search, completion, coverage."""
