"""The question and its answer: the sentence to ask with, the context table, and the panel that says why."""
