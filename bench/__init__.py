"""Measured figures: each is given as a ratio to something else that ran on the same machine within the same minute."""
