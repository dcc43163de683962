"""The courtroom: one request, one decision."""
