"""Texts that exports, window and command line share."""
