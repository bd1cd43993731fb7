"""How the data is doing: growth, identity, freshness, runs and problems, each with what to do next."""
