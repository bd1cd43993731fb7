"""Records in, a trained model out: what columns hold, what to block on, how to compare, and every probability."""
