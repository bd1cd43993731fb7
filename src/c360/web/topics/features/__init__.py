"""Features as a form: a declaration from its fields, its values on a sample, and the project file with one line more."""
