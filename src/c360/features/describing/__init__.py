"""Features in, what is known of each out: definition, lineage, values, users."""
