"""`c360 serve`: the web application and its API."""

from pathlib import Path

import click

from c360.cli.options import load, project_option


@click.command(epilog="Example: c360 serve --project demo")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8360, show_default=True, help="The port to listen at.")
@click.option(
    "--allowed-host", "hosts", multiple=True, metavar="NAME", help="A name by which browsers call this server."
)
@click.option("--tls-cert", type=click.Path(path_type=Path, dir_okay=False), help="The certificate for HTTPS (PEM).")
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="Its key (PEM).")
@click.option("--behind-proxy", "proxies", multiple=True, metavar="NETWORK", help="A proxy in front that speaks HTTPS.")
@project_option
def command(
    host: str,
    port: int,
    hosts: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    project_dir: Path,
) -> None:
    """Open the web application: profiles, review, lens, lineage, runs; and the same data as JSON under /api.

    Beyond this machine it needs users, HTTPS (or a proxy that speaks it) and the names that it is called by.
    """
    from importlib.util import find_spec

    from c360.errors import Fault, ProjectError

    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        fix = "install it with `pip install 'c360[web]'`"
        raise ProjectError(Fault("web-not-installed", "the web application is not installed", fix=fix))
    from c360.web.serving import serve
    from c360.web.settings import Settings

    settings = Settings(host, port, hosts, tls_cert, tls_key, proxies)
    serve(load(project_dir), settings, lambda text: click.echo(text, err=True))
