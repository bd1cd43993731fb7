"""Published data and decisions over HTTP: pages for people, the same data as JSON for programs."""
