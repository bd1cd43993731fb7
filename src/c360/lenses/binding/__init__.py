"""A lens over real tables: what its names map to, which types they have, which of its claims hold."""
