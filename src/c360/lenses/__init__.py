"""Semantic models -> SQL whose numbers cannot double-count."""
