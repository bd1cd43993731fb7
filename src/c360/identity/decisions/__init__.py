"""What people decided in, links that must or must not be out."""
