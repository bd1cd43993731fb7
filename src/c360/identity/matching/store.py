"""What matching keeps from run to run: its models, the records it has compared, the scores of pairs, what became of them."""

import json
from math import log2
from typing import Any

from c360.identity.matching.learning.columns import Kind
from c360.identity.matching.learning.training import trained_levels
from c360.records import dataclass
from c360.warehouse import Connection, literal

tables = {
    "match_model": "entity VARCHAR, model_key VARCHAR, number INTEGER, version INTEGER, trained_at TIMESTAMP, records BIGINT, "
    "definition VARCHAR, charts VARCHAR",
    "match_term": "entity VARCHAR, column_name VARCHAR, value VARCHAR, frequency DOUBLE",
    "match_record": "entity VARCHAR, record_id BIGINT, digest VARCHAR, node_id BIGINT, source VARCHAR",
    "match_pair": "entity VARCHAR, a BIGINT, b BIGINT, weight DOUBLE, levels VARCHAR, weights VARCHAR",
    "match_link": "entity VARCHAR, u BIGINT, v BIGINT, a BIGINT, b BIGINT, weight DOUBLE, probability DOUBLE, state VARCHAR",
    "match_reason": "entity VARCHAR, u BIGINT, v BIGINT, place INTEGER, column_name VARCHAR, level VARCHAR, weight DOUBLE",
    "match_level": "entity VARCHAR, number INTEGER, place INTEGER, column_name VARCHAR, kind VARCHAR, level VARCHAR, m DOUBLE, u DOUBLE, "
    "weight DOUBLE",
    "match_report": "entity VARCHAR, place INTEGER, measure VARCHAR, value DOUBLE",
}


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        key: changes when what is compared, or how, is declared otherwise.
        number: how many models the entity has had; the newest counts.
        records: how many records it was trained on.
        columns: what is compared, with what each holds.
        settings: Splink's, with every probability.
    """

    entity: str
    key: str
    number: int
    version: int
    records: int
    columns: tuple[tuple[str, Kind], ...]
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """`contact@2`: the entity and the model's number."""
        return f"{self.entity}@{self.number}"


def make_match_tables(work: Connection) -> None:
    """Make the tables that only projects with `match:` have."""
    if work.table_exists("identity", "match_report"):
        return
    for name, columns in tables.items():
        work.execute(f"CREATE TABLE identity.{name} ({columns})")


def read_model(work: Connection, entity: str, number: int | None = None) -> Model | None:
    """The newest model of an entity, or the one of a number; None when there is none."""
    which = f" AND number = {number}" if number else ""
    rows = work.rows(
        "SELECT model_key, number, version, records, definition FROM identity.match_model "
        f"WHERE entity = {literal(entity)}{which} ORDER BY number DESC LIMIT 1"
    )
    if not rows:
        return None
    key, found, version, records, definition = rows[0]
    read = json.loads(definition)
    columns = tuple((name, kind) for name, kind in read["columns"])
    return Model(entity, key, int(found), int(version), int(records), columns, read["settings"])


def write_model(work: Connection, model: Model, moment: str, charts: dict[str, Any]) -> None:
    """Keep a model beside the earlier ones of its entity."""
    definition = json.dumps({"columns": model.columns, "settings": model.settings}, sort_keys=True)
    work.execute(
        f"INSERT INTO identity.match_model VALUES (?, ?, ?, ?, {moment}, ?, ?, ?)",
        (model.entity, model.key, model.number, model.version, model.records, definition, json.dumps(charts)),
    )
    rows: list[tuple[object, ...]] = []
    for comparison in model.settings["comparisons"]:
        for level in trained_levels(comparison)[::-1]:
            column, m, u = comparison["output_column_name"], level["m_probability"], level["u_probability"]
            said = (
                model.entity,
                model.number,
                len(rows),
                column,
                dict(model.columns)[column],
                level["label_for_charts"],
            )
            rows.append((*said, m, u, round(log2(m / u), 6)))
    for row in rows:
        work.execute("INSERT INTO identity.match_level VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def forget(work: Connection, entity: str) -> None:
    """Drop what was computed with another model."""
    for name in ("match_term", "match_record", "match_pair"):
        work.execute(f"DELETE FROM identity.{name} WHERE entity = {literal(entity)}")
