"""A snapshot and a viewer in, entities as people look at them out: columns, names, suggested pairs side by side."""
