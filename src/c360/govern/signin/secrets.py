"""Secrets: made with 256 random bits, stored only as SHA-256; they have too many bits to be guessed from the hash."""

import hashlib
import hmac
import secrets

token_prefix = "c360_"  # noqa: S105  what secret scanners look for


def new_secret() -> str:
    """A fresh secret."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_token(session_hash: str, key: bytes) -> str:
    """The token that every form of a session carries; it is worthless in any other session."""
    return hmac.new(key, b"form " + session_hash.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare without telling how much of it was right."""
    return hmac.compare_digest(one.encode(), other.encode())
