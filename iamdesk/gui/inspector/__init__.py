"""The inspector: one selected thing, whole. Who it is, what it carries and from where, and the text of its policies."""
