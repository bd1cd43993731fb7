"""Bytes of a file in, its records out: counted quickly, or split exactly with what is wrong with each."""
