"""One module per type of identifier: its options, `normalise` in Python, the same in SQL, and why a value is refused."""
