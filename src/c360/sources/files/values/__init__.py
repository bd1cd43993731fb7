"""Texts of a column in, its type and the SQL that reads them out."""
