"""What stands in the middle while nothing is selected: the start page, and the overview of an open snapshot."""
