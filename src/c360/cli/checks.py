"""`c360 checks`: the project's checks on the tables of the last run."""

from pathlib import Path

import click

from c360.cli.options import json_option, load, project_option
from c360.cli.output import print_json, print_table


@click.command(epilog="Example: c360 checks --json")
@project_option
@json_option
def command(project_dir: Path, as_json: bool) -> int:
    """Run the project's checks on the tables of the last run; exits 6 when one of severity error does not hold."""
    from c360.pipeline.asking import check_now

    results = check_now(load(project_dir))
    failed = any(result.status == "fail" for result in results)
    if as_json:
        listed = [
            {"name": r.name, "status": r.status, "says": r.says, "failures": r.failures, "samples": list(r.samples)}
            for r in results
        ]
        print_json({"ok": not failed, "checks": listed})
    else:
        print_table(
            ("status", "check", "failures", "such as"),
            [(r.status, r.says, r.failures, ", ".join(r.samples)) for r in results],
        )
    return 6 if failed else 0
