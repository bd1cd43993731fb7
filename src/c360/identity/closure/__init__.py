"""Edges between nodes in, the connected component of every node out; SQL and in-memory forms give the same."""
