"""Rows of all sources in, observed identifiers and links with their evidence out."""
