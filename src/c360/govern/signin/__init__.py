"""A password, a cookie, an API token or an answer of the company's sign-in in, who it is out; secrets are kept hashed."""
