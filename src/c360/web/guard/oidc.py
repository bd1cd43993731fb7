"""The company's sign-in (OpenID Connect): code flow with PKCE, state and nonce; an identity token in, a person out."""

import json
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from c360.errors import AccessError, Fault, ProjectError
from c360.govern.signin.company import Claimed
from c360.govern.signin.secrets import new_secret, same
from c360.project.blocks.outputs import SignIn
from c360.records import dataclass

begun_seconds = 600
known_seconds = 3600.0
timeout = 10.0
scope = "openid email profile"
signatures = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


@dataclass(frozen=True)
class Begun:
    """A sign-in that began; it travels in an encrypted cookie of the browser that began it.

    Attributes:
        verifier: proves to the provider that whoever began also finishes (PKCE).
        nonce: must stand in the identity token.
        to: the page to go to afterwards.
    """

    state: str
    verifier: str
    nonce: str
    to: str


class Oidc:
    """The sign-in of one provider."""

    def __init__(self, root: Path, block: SignIn, key: bytes) -> None:
        from cryptography.fernet import Fernet

        self.root = root
        self.block = block
        self.box = Fernet(urlsafe_b64encode(key))
        self.known: tuple[float, dict[str, Any]] | None = None

    def provider(self) -> dict[str, Any]:
        """The provider's own description of itself; asked again after an hour.

        Raises:
            AccessError: it cannot be reached, or is not the one that the project names.
        """
        if self.known is None or time.monotonic() - self.known[0] > known_seconds:
            found = fetch(f"{self.block.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") not in (self.block.issuer, self.block.issuer.rstrip("/")):
                raise unreachable("it calls itself by another name than `issuer:` says")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                address = urlsplit(str(found.get(name)))
                if address.scheme not in ("https", urlsplit(self.block.issuer).scheme) or not address.netloc:
                    raise unreachable(f"its {name} is no address that is encrypted")
            self.known = time.monotonic(), found
        return self.known[1]

    def begin(self, to: str, callback: str) -> tuple[str, str]:
        """Begin a sign-in: the address at the provider, and the value of a cookie for the browser."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        begun = Begun(new_secret(), new_secret() + new_secret(), new_secret(), to)
        address = prepare_grant_uri(
            self.provider()["authorization_endpoint"],
            client_id=self.block.client_id,
            response_type="code",
            redirect_uri=callback,
            scope=scope,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
        )
        return str(address), self.box.encrypt(json.dumps(vars(begun)).encode()).decode()

    def finish(self, cookie: str, state: str, code: str, callback: str) -> tuple[Claimed, str]:
        """Take the provider's answer: who it is, and the page to go to.

        Raises:
            AccessError: this browser began no such sign-in, it took too long, or the token is not valid.
        """
        begun = self.open(cookie)
        if not same(begun.state, state):
            raise refused("it was not begun in this browser")
        return self.read(self.exchange(code, begun.verifier, callback), begun.nonce), begun.to

    def open(self, cookie: str) -> Begun:
        """What the cookie of a sign-in holds."""
        from cryptography.fernet import InvalidToken

        try:
            return Begun(**json.loads(self.box.decrypt(cookie.encode(), ttl=begun_seconds)))
        except InvalidToken:
            raise refused("it was not begun in this browser, or too long ago") from None

    def exchange(self, code: str, verifier: str, callback: str) -> Mapping[str, Any]:
        """The tokens for a code."""
        import httpx

        client = self.block.client_id
        data = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier}
        secret = read_secret(self.root, self.block.client_secret)
        auth = None
        ways = self.provider().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret and "client_secret_basic" in ways:
            auth = httpx.BasicAuth(quoted(client), quoted(secret))
        else:
            data |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        try:
            response = httpx.post(self.provider()["token_endpoint"], data=data, auth=auth, timeout=timeout)
            response.raise_for_status()
            tokens: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise unreachable(f"it gave no identity token ({type(error).__name__})") from error
        return tokens

    def read(self, tokens: Mapping[str, Any], nonce: str) -> Claimed:
        """Verify an identity token: signature, issuer, audience, time, nonce, and that the address is verified."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        issuer, client = self.provider()["issuer"], self.block.client_id
        options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client}}
        params = {"nonce": nonce, "client_id": client, "access_token": tokens.get("access_token")}
        try:
            keys = KeySet.import_key_set(fetch(self.provider()["jwks_uri"]))  # type: ignore[arg-type]  # checked there
            token = jwt.decode(str(tokens["id_token"]), keys, algorithms=signatures)
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=60)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise refused(f"the identity token is not valid ({type(error).__name__})") from error
        return self.person(claims)

    def person(self, claims: Mapping[str, Any]) -> Claimed:
        """Who a valid token speaks of.

        Raises:
            AccessError: without an e-mail address that the provider has verified.
        """
        if not claims.get("email") or claims.get("email_verified") not in (True, "true"):
            raise refused("the provider has not verified the e-mail address")
        groups = claims.get(self.block.claim) or ()
        named = (groups,) if isinstance(groups, str) else tuple(str(group) for group in groups)
        email = str(claims["email"])
        return Claimed(f"{claims['iss']} {claims['sub']}", email, str(claims.get("name") or email), named)


def fetch(url: str) -> dict[str, Any]:
    """Fetch a JSON object from the provider."""
    import httpx

    try:
        response = httpx.get(url, timeout=timeout, follow_redirects=False)
        response.raise_for_status()
        found = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise unreachable(f"it does not answer ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise unreachable("its answer is no object")
    return found


def quoted(text: str) -> str:
    """A part of HTTP basic authentication as RFC 6749 wants it, section 2.3.1."""
    from urllib.parse import quote_plus

    return quote_plus(text)


def refused(why: str) -> AccessError:
    """The refusal of a sign-in."""
    fix = "sign in again; if it stays so, tell whoever runs this server"
    return AccessError(Fault("sign-in-failed", f"the company's sign-in did not work: {why}", fix=fix))


def unreachable(why: str) -> AccessError:
    """The provider does not do its part."""
    fix = "try again later, or sign in with a password"
    return AccessError(Fault("sign-in-provider", f"the company's sign-in cannot be used: {why}", fix=fix))


def read_secret(root: Path, reference: str | None) -> str | None:
    """The client secret that a reference names: `env:NAME` or `file:PATH`.

    Raises:
        ProjectError: it is not there.
    """
    if reference is None:
        return None
    kind, _, name = reference.partition(":")
    found, looked = os.environ.get(name), f"env {name} (not set)"
    if kind == "file":
        path = root / name
        found, looked = (path.read_text(encoding="utf-8").strip() if path.is_file() else None), f"{path} (not there)"
    if not found:
        fix = "set it where the server runs, then start the server again"
        raise ProjectError(
            Fault("missing-secret", "the secret of the company's sign-in is missing", None, fix, (looked,))
        )
    return found
