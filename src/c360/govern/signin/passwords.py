"""A typed password in, right or wrong out (Argon2id); an unknown user takes as long as a wrong password."""

from functools import cache
from typing import TYPE_CHECKING

from c360.errors import Fault, ProjectError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

shortest = 12
longest = 256
forbidden = ("password", "customer360", "c360", "123456", "qwerty", "letmein")


@cache
def hasher() -> "PasswordHasher":
    """Argon2id with the parameters of RFC 9106's second recommendation: 64 MiB, three passes."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)


@cache
def nobodys_hash() -> str:
    """A hash that no password fits, to spend the same time on users that do not exist."""
    from c360.govern.signin.secrets import new_secret

    return hasher().hash(new_secret())


def hash_password(password: str, email: str = "") -> str:
    """What is stored of a password.

    Raises:
        ProjectError: it is too short, too long or too easily guessed.
    """
    if reason := weakness(password, email):
        raise ProjectError(Fault("weak-password", reason, fix=f"use {shortest} characters or more; a sentence is good"))
    return hasher().hash(password)


def weakness(password: str, email: str) -> str | None:
    """Why a password is refused."""
    if len(password) < shortest:
        return f"the password has fewer than {shortest} characters"
    if len(password) > longest:
        return f"the password has more than {longest} characters"
    lowered = password.lower()
    left = lowered
    for word in (*forbidden, email.partition("@")[0].lower()):
        left = left.replace(word, "") if word else left
    if len(set(lowered)) < 5 or len(left) < shortest // 2:
        return "the password is too easily guessed"
    return None


def is_right(password: str, stored: str | None) -> bool:
    """Whether a password fits the stored hash; takes the same time when there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        hasher().verify(stored or nobodys_hash(), password[:longest])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
