"""One module per engine: how it opens, and the statements that only it understands."""
