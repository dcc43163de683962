"""The ways from principals to administration, to data and to each other: as a picture, and as a table of the same."""
