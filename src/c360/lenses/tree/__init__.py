"""The join tree that a home entity sees: members as columns of it, each row set with at most one row or a branch."""
