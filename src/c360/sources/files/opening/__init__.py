"""Paths of a source in, its files as plain text with their columns, hashes and record counts out."""
