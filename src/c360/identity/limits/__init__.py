"""Components that hold too much in, the links that must not be used out, each with its reason."""
