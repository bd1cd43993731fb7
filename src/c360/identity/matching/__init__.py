"""Records of one entity in, which of them are likely the same thing out: learnt from the data without labels, with Splink."""
