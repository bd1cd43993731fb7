"""`c360 doctor`: each thing that a run needs as one line, ok, warn or fail, with the fix."""

from dataclasses import asdict
from pathlib import Path

import click

from c360.cli.options import json_option, project_option
from c360.cli.output import print_json

marks = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


@click.command(epilog="Example: c360 doctor --project demo")
@project_option
@json_option
def command(project_dir: Path, as_json: bool) -> int:
    """Check the project, its files, keys, disk and versions; exits 2 when something would stop a run."""
    from c360.pipeline.doctor import examine

    findings = examine(project_dir)
    failed = any(finding.level == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": [asdict(finding) for finding in findings]})
        return 2 if failed else 0
    for finding in findings:
        mark, colour = marks[finding.level]
        click.echo(f"{click.style(mark, fg=colour)}  {finding.about}: {finding.message}")
        if finding.fix and finding.level != "ok":
            click.echo(f"      fix: {finding.fix}")
    return 2 if failed else 0
