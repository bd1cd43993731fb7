"""What every request passes before a page sees it: host, origin, sign-in, headers."""
