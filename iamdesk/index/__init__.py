"""What is looked up in a snapshot: the tree, its search, subjects, completion; and what AWS says of its actions."""
