"""Opened files of a source in, the rows of its table that count out."""
