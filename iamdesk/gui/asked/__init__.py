"""The questions asked in this window, each with its answer: to ask again, to copy, to export."""
