"""Pairs that may be one: which wait, what speaks for and against each, what accepting would change."""
