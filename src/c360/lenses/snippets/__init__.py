"""One SQL snippet at a time: parsed, its clock and parameters put in, its meaning in the engine's words."""
