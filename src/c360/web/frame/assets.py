"""The folder `static` in, what browsers load out: read once, named by content so that it may be kept for ever."""

import gzip
import hashlib
from mimetypes import guess_type
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from c360.records import dataclass
from c360.web.guard.headers import for_ever

folder = Path(__file__).parents[1] / "static"
compressible = {".css", ".js", ".svg", ".txt"}
served = {*compressible, ".woff2", ".png", ".ico"}


@dataclass(frozen=True)
class Asset:
    """One file."""

    body: bytes
    zipped: bytes | None
    media_type: str
    version: str


class Assets:
    """Every file that pages load."""

    def __init__(self) -> None:
        self.files = {
            path.relative_to(folder).as_posix(): read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in served
        }

    def url(self, name: str) -> str:
        """The address of a file; changes with its content."""
        return f"/static/{name}?v={self.files[name].version}"

    async def respond(self, request: Request) -> Response:
        """Answer a request for a file."""
        asset = self.files.get(request.path_params["name"])
        if asset is None:
            return Response("not found", status_code=404, media_type="text/plain")
        is_named = request.query_params.get("v") == asset.version
        headers = {"cache-control": for_ever if is_named else "no-cache", "vary": "accept-encoding"}
        if asset.zipped and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.zipped, media_type=asset.media_type, headers={**headers, "content-encoding": "gzip"})
        return Response(asset.body, media_type=asset.media_type, headers=headers)


def read(path: Path) -> Asset:
    """One file with its compressed form; style sheets get the versions of what they load."""
    body = path.read_bytes()
    zipped = gzip.compress(body, 6, mtime=0) if path.suffix in compressible else None
    media_type = {".js": "text/javascript", ".woff2": "font/woff2"}.get(path.suffix) or guess_type(path.name)[0]
    return Asset(body, zipped, media_type or "application/octet-stream", hashlib.sha256(body).hexdigest()[:12])
