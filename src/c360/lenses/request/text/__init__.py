"""Query languages: SQL with MEASURE() and LQL in, requests out."""
