"""The navigator: the tree of the snapshot, with an incremental filter."""
