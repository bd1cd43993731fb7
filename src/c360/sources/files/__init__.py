"""CSV, JSON and Parquet files of a source in, its table in `landing` and the records that do not fit out."""
