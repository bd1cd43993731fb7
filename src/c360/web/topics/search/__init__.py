"""Search: a text in, what it names out."""
