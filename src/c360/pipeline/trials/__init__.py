"""Runs that are tried on a copy of the store: what a run would change, and whether what is published equals a rebuild."""
