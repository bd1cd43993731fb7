"""The semantic layer as a form: what can be asked, a question from its fields, and the answer with its SQL."""
