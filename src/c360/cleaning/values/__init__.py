"""One module per type of value: its options, `normalise` in Python and the same in SQL; `traits` applies them."""
