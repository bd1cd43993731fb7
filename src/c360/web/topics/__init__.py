"""What the pages are about, one folder per topic: a reading of published data in, values for templates and JSON out."""
