"""Resolved reads in, few SQL statements out: rows are read once per pass, whatever the number of features."""
