"""What lasts from run to run: the number of every identifier, every entity id ever issued, and where it leads."""
