"""What pages show of entities, whichever the project declares: lists, profiles and their parts, read through `govern`."""
