"""`c360 runs`: what ran, when, how long, and how it ended."""

from pathlib import Path
from typing import Any

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table


@click.command(epilog="Example: c360 runs --limit 5; c360 runs RUN")
@click.argument("run_id", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@project_option
@json_option
def command(run_id: str | None, limit: int, project_dir: Path, as_json: bool) -> None:
    """List the runs, newest first; with RUN, the steps of one."""
    from dataclasses import asdict

    from c360.warehouse.control import open_control
    from c360.warehouse.control.runs import list_runs, list_steps

    with open_control(load(project_dir).store) as control:
        found: list[Any] = list_steps(control, run_id) if run_id else list_runs(control, limit)
        if run_id and not found:
            refuse_unknown(run_id, [run.run_id for run in list_runs(control, 1000)])
    if as_json:
        print_json({"steps" if run_id else "runs": [asdict(item) for item in found]})
        return
    if run_id:
        print_table(
            ("step", "status", "rows", "seconds", "peak MB"),
            [(s.name, s.status, s.rows, round(s.seconds or 0, 3), s.peak_mb) for s in found],
        )
        return
    columns = ("run", "status", "as of", "started", "ended", "snapshot", "error")
    rows = [(r.run_id, r.status, r.as_of, r.started_at, r.ended_at, r.snapshot, r.error) for r in found]
    print_table(columns, rows)


def refuse_unknown(run_id: str, known: list[str]) -> None:
    """Say that there is no such run, unless it is one that has no steps yet."""
    from c360.errors import Fault, ProjectError, suggest

    if run_id not in known:
        fix = suggest(run_id, known) or "list the runs with `c360 runs`"
        raise ProjectError(Fault("unknown-run", f"there is no run '{run_id}'", fix=fix))
