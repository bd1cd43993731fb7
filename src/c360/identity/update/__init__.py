"""What this run observed in, the identity tables as they must now be out: all anew, or only what changed."""
