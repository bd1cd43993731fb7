"""A project and settings in, a running server out; on a machine without users it prints the link that makes the first."""

import signal
from collections.abc import Callable
from typing import Any

from c360.errors import Fault, WarehouseError
from c360.govern.signin.accounts import has_users, make_link
from c360.project import Project
from c360.web.settings import Settings, check_settings

Say = Callable[[str], None]


def serve(project: Project, settings: Settings, say: Say) -> None:
    """Serve until interrupted.

    Args:
        project: what is shown.
        settings: how it is reached.
        say: is told the address, and the link for the first user.

    Raises:
        ProjectError: it would be reachable without sign-in or encryption.
        WarehouseError: the port is taken.
    """
    by_company = project.file.access.sign_in is not None
    check_settings(settings, has_users=by_company or has_users(project.store))
    greet(project, settings, say)
    import uvicorn

    from c360.web.app import create_app

    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.proxies),
        "forwarded_allow_ips": list(settings.proxies),
        "timeout_graceful_shutdown": 5,
        "limit_concurrency": 200,
        "h11_max_incomplete_event_size": 65_536,
    }
    if settings.certificate is not None:
        options |= {"ssl_certfile": str(settings.certificate), "ssl_keyfile": str(settings.key)}
    server = uvicorn.Server(uvicorn.Config(create_app(project, settings), **options))
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    try:
        server.run()
    except SystemExit:
        fix = "end the process that has it, or choose another with --port"
        fault = Fault("port-taken", f"cannot listen at {settings.host}:{settings.port}", fix=fix)
        raise WarehouseError(fault) from None


def greet(project: Project, settings: Settings, say: Say) -> None:
    """Say where the application is."""
    if has_users(project.store):
        say(f"Customer 360 of {project.name}: {settings.origin}/")
        return
    link = f"{settings.origin}/start?link={make_link(project.store)}"
    say(f"Nobody has an account yet. Open this link to make the first one; it works once:\n  {link}")
