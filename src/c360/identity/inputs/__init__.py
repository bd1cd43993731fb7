"""A project and its landed sources in, what a run of identity reads of them out."""
