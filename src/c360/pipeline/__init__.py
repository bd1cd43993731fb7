"""Runs the path from sources to published tables: steps, checks, resume, and what can be asked about them."""
