"""The pages without a selection: the start page, and the overview of an open snapshot."""
