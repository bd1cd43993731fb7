"""What is asked: JSON, SQL with MEASURE() and LQL text in, one `Query` out."""
