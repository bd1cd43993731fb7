"""The feature declarations of a project in, definitions with every name resolved out."""
