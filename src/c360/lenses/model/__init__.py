"""What a lens is: the file's form, the model built of it, and what is odd about it."""
