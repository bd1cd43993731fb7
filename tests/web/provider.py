"""People in, an OpenID Connect provider over a real socket out: codes, PKCE, client secrets and signed identity tokens."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.web.served import listening

client_id, client_secret = "c360", "the secret & nobody's business"
Claims = dict[str, Any]


@dataclass
class Provider:
    """An identity provider where one person is signed in.

    Attributes:
        person: the claims about whoever is signed in there.
        spoil: changes the claims of a token before it is signed.
        signing: the key that signs; the published one is `key`.
        codes: codes that were handed out and not exchanged yet.
        asked: what the application asked for.
    """

    port: int = 0
    person: Claims = field(default_factory=dict)
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signing: Any = None
    algorithm: str = "RS256"
    codes: dict[str, Claims] = field(default_factory=dict)
    asked: list[Claims] = field(default_factory=list)
    says: Claims = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def describe(self, _: Request) -> Response:
        """Its description of itself."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                **self.says,
            }
        )

    async def keys(self, _: Request) -> Response:
        """The public key."""
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """Send whoever is signed in back with a code."""
        asked = dict(request.query_params)
        self.asked.append(asked)
        assert asked["client_id"] == client_id
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", status_code=302)

    async def token(self, request: Request) -> Response:
        """Exchange a code, once, for whoever proves to have asked for it."""
        form = await request.form()
        asked = self.codes.pop(str(form.get("code")), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest()).rstrip(b"=")
        expected = base64.b64encode(b"c360:the+secret+%26+nobody%27s+business").decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if asked is None or asked["code_challenge"] != proof.decode() or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse({"access_token": "unused", "token_type": "Bearer", "id_token": self.sign(asked["nonce"])})

    def sign(self, nonce: str) -> str:
        """An identity token."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": client_id, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        header = {"alg": self.algorithm, "kid": "one"}
        algorithms = [self.algorithm]
        return jwt.encode(header, self.spoil(claims), self.signing or self.key, algorithms=algorithms)

    def app(self) -> Starlette:
        """Its routes."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/keys", self.keys),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
            ]
        )


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider that runs."""
    provider = Provider()
    with listening(provider.app()) as port:
        provider.port = port
        yield provider
