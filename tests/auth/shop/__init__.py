"""A Django app with users of its own."""
