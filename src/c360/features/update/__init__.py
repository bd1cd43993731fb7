"""The features of the last run and what changed since in, the features of now out: only what changed is computed."""
