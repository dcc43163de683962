"""The dialog that explains a denial."""
