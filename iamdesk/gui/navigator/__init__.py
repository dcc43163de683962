"""The navigator: the tree of the snapshot, with a filter that answers as you type."""
