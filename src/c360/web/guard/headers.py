"""A response in, the same with headers out that keep other sites, plug-ins and inline code away from it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

policy = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
always = {
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-frame-options": "DENY",
}
no_store = "no-store"
for_ever = "public, max-age=31536000, immutable"


class SecurityHeaders:
    """ASGI middleware that adds the headers to every response; nothing but versioned static files may be stored."""

    def __init__(self, app: "ASGIApp", *, encrypted: bool) -> None:
        self.app = app
        self.headers = {name.encode(): value.encode() for name, value in always.items()}
        if encrypted:
            self.headers[b"strict-transport-security"] = b"max-age=31536000"

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on and add the headers on the way back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = dict(self.headers)
                if b"cache-control" not in present:
                    extra[b"cache-control"] = no_store.encode()
                kept = [(name, value) for name, value in message["headers"] if name.lower() != b"server"]
                message["headers"] = [*kept, *((name, value) for name, value in extra.items() if name not in present)]
            await send(message)

        await self.app(scope, receive, send_with_headers)
