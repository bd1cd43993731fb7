"""The tables of a run in, how good they are out: sizes and yields, agreement with a list of the truth."""
