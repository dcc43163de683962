"""Compound questions: what a task needs beside one action."""
