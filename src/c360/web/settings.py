"""How the web application is reached: address, allowed hosts, TLS or a declared proxy; what is unsafe is refused."""

from ipaddress import ip_address, ip_network
from pathlib import Path

from c360.errors import Fault, ProjectError
from c360.records import dataclass

default_port = 8360
loopback_names = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Settings:
    """The settings of one server.

    Attributes:
        hosts: names by which it may be called besides loopback; a Host header with another one is refused.
        proxies: networks of the proxies in front of it, whose X-Forwarded headers are believed; they speak TLS.
        seconds: how long the questions of one page may take.
        lens_seconds: how long a lens query may take.
    """

    host: str = "127.0.0.1"
    port: int = default_port
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    seconds: float = 10.0
    lens_seconds: float = 20.0

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers reach it by HTTPS."""
        return self.certificate is not None or bool(self.proxies)

    @property
    def cookie(self) -> str:
        """The name of the session cookie: bound to the host where there is HTTPS, to the port where there is not."""
        return "__Host-c360" if self.is_encrypted else f"c360-{self.port}"

    @property
    def begun_cookie(self) -> str:
        """The name of the cookie that binds a company's sign-in to the browser that began it."""
        return f"{self.cookie}-begun"

    @property
    def origin(self) -> str:
        """The address to open."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    def allows_host(self, header: str) -> bool:
        """Whether a Host header names this server (a page elsewhere must not reach it by a name of its own)."""
        name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
        allowed = {*self.hosts, self.host, *(loopback_names if self.is_loopback else ())}
        return name.lower() in {host.lower() for host in allowed}


def check_settings(settings: Settings, *, has_users: bool) -> None:
    """Refuse to be reached from elsewhere without sign-in, or without encryption.

    Raises:
        ProjectError: all that is missing.
    """
    faults = [*file_faults(settings), *proxy_faults(settings)]
    if not settings.is_loopback:
        if not has_users:
            fix = "start on this machine first (`c360 serve`), make the first user with the link it prints, then come back"
            faults.append(
                Fault(
                    "serve-without-users",
                    f"'{settings.host}' is reachable from elsewhere, and nobody can sign in",
                    fix=fix,
                )
            )
        if not settings.is_encrypted:
            fix = "give --tls-cert and --tls-key, or --behind-proxy NETWORK when a proxy in front speaks HTTPS"
            faults.append(
                Fault("serve-without-tls", f"'{settings.host}' is reachable from elsewhere without encryption", fix=fix)
            )
        if not settings.hosts:
            fix = "name them with --allowed-host, such as --allowed-host c360.company.example"
            faults.append(
                Fault("serve-without-hosts", "the names by which browsers call this server are not known", fix=fix)
            )
    if faults:
        raise ProjectError(*faults)


def file_faults(settings: Settings) -> list[Fault]:
    """A certificate needs its key, and both must be there."""
    files = {"certificate": settings.certificate, "key": settings.key}
    given = [path for path in files.values() if path]
    faults = [
        Fault("tls-file", f"the TLS {name} is missing", fix="give both --tls-cert and --tls-key")
        for name, path in files.items()
        if given and path is None
    ]
    return faults + [
        Fault("tls-file", f"'{path}' is not there", fix="check the path") for path in given if not path.is_file()
    ]


def proxy_faults(settings: Settings) -> list[Fault]:
    """Proxies are named by address or network."""
    faults = []
    for text in settings.proxies:
        try:
            ip_network(text, strict=False)
        except ValueError:
            faults.append(
                Fault("bad-proxy", f"'{text}' is no address and no network", fix="e.g. --behind-proxy 10.0.0.0/8")
            )
    return faults
