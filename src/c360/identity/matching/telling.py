"""The work store after a run in, what matching did out: counts, weights, and charts as one page that needs no network."""

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from c360.errors import Fault, ProjectError, suggest
from c360.project import Project
from c360.warehouse import Connection, literal


def entity_matched(project: Project, name: str) -> str:
    """The entity of a name or label that is matched.

    Raises:
        ProjectError: it is not matched.
    """
    for known in project.file.match:
        if name in (known, project.file.entities[known].label):
            return known
    fix = suggest(name, project.file.match) or f"add it to the project: `match: {{{name}: auto}}`"
    raise ProjectError(Fault("match-not-declared", f"the records of '{name}' are not matched", fix=fix))


def read_matching(work: Connection, entity: str) -> dict[str, Any]:
    """What matching came to for an entity: `report` (measure -> number) and `levels` of the newest model."""
    if not work.table_exists("identity", "match_report"):
        return {"report": {}, "levels": []}
    report: dict[str, float] = dict(
        work.rows(f"SELECT measure, value FROM identity.match_report WHERE entity = {literal(entity)} ORDER BY place")
    )
    levels = work.rows(
        "SELECT column_name, kind, level, m, u, weight FROM identity.match_level "
        f"WHERE entity = {literal(entity)} AND number = {int(report.get('model', 0))} ORDER BY place"
    )
    names = ("compared", "as", "level", "m", "u", "weight")
    return {"report": report, "levels": [dict(zip(names, level, strict=True)) for level in levels]}


def write_charts(work: Connection, entities: list[str], path: Path) -> None:
    """Write the charts of the newest models to a page of their own.

    Raises:
        ProjectError: no model is there yet.
    """
    from splink.internals.html_utils import chart_html

    draw: Callable[..., str] = chart_html
    pages = []
    for entity in entities:
        if not work.table_exists("identity", "match_model"):
            break
        rows = work.rows(
            f"SELECT charts FROM identity.match_model WHERE entity = {literal(entity)} ORDER BY number DESC LIMIT 1"
        )
        for (charts,) in rows:
            drawn = (draw(chart, inline=True, fullhtml=True) for chart in json.loads(charts).values())
            pages += [f'<iframe title="{escape(entity)}" srcdoc="{escape(page)}"></iframe>' for page in drawn]
    if not pages:
        fix = "run the project; matching needs at least 30 records"
        raise ProjectError(Fault("match-without-model", "there is no trained model to draw", fix=fix))
    style = "<style>iframe { width: 100%; height: 90vh; border: 0 }</style>"
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Matching</title>{style}</head><body>'
    path.write_text("\n".join([head, *pages, "</body></html>"]), encoding="utf-8")
