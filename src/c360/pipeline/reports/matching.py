"""A project's `match:` in, the tables that tell what matching did out: its report, its model's weights, reasons of open pairs."""

from collections.abc import Iterator

from c360.project import Project
from c360.warehouse import literal
from c360.warehouse.catalogue import PublishedColumn, PublishedTable

whose = PublishedColumn("entity", "Whose records were matched")
owners = "JOIN identity.member AS p ON p.node_id = k.u JOIN identity.member AS q ON q.node_id = k.v"


def match_tables(project: Project) -> Iterator[PublishedTable]:
    """The tables of a project with `match:`; none otherwise."""
    if project.file.match:
        yield report_table()
        yield weight_table()
        yield reason_table()


def report_table() -> PublishedTable:
    """What matching came to, beside what would be without it."""
    return PublishedTable(
        name="match_report",
        select="SELECT entity, place, measure, value FROM identity.match_report",
        key=("entity", "measure"),
        columns=(
            whose,
            PublishedColumn("place", "Order of the measures"),
            PublishedColumn("measure", "What is counted"),
            PublishedColumn("value", "How many, or the probability"),
        ),
        grain="one row per entity and measure",
        description="What matching came to: records, pairs, links, and entities with and without it.",
    )


def weight_table() -> PublishedTable:
    """What each degree of likeness says in the newest model."""
    newest = "SELECT entity, MAX(number) AS number FROM identity.match_level GROUP BY entity"
    return PublishedTable(
        name="match_weight",
        select=(
            "SELECT k.entity, k.number AS model, k.place, k.column_name AS compared, k.kind, k.level, k.m, k.u, k.weight "
            f"FROM identity.match_level AS k JOIN ({newest}) AS n ON n.entity = k.entity AND n.number = k.number"
        ),
        key=("entity", "place"),
        columns=(
            whose,
            PublishedColumn("model", "The number of the model"),
            PublishedColumn("place", "Order of the levels"),
            PublishedColumn("compared", "The trait or identifier that is compared"),
            PublishedColumn("kind", "What its values are compared as"),
            PublishedColumn("level", "How much alike two values are"),
            PublishedColumn("m", "How often that is so when two records are one"),
            PublishedColumn("u", "How often that is so when they are not"),
            PublishedColumn("weight", "What it says for the two being one: log2(m / u), in bits"),
        ),
        grain="one row per entity, column and level",
        description="What each degree of likeness says, in the newest model of each entity.",
    )


def reason_table() -> PublishedTable:
    """What speaks for and against each pair that is suggested."""
    ends = "LEAST(p.entity_id, q.entity_id) AS entity_id, GREATEST(p.entity_id, q.entity_id) AS other_id"
    best = (
        f"SELECT k.entity, k.u, k.v, {ends} FROM identity.match_link AS k {owners} "
        "WHERE k.state <> 'link' AND p.entity_id <> q.entity_id QUALIFY ROW_NUMBER() OVER "
        "(PARTITION BY k.entity, LEAST(p.entity_id, q.entity_id), GREATEST(p.entity_id, q.entity_id) ORDER BY k.weight DESC, k.u, k.v) = 1"
    )
    return PublishedTable(
        name="suggestion_reason",
        select=(
            "SELECT r.entity, b.entity_id, b.other_id, r.place, r.column_name AS compared, r.level, r.weight "
            f"FROM ({best}) AS b JOIN identity.match_reason AS r ON r.entity = b.entity AND r.u = b.u AND r.v = b.v"
        ),
        key=("entity", "entity_id", "other_id", "place"),
        columns=(
            PublishedColumn("entity", "Of which entity both are"),
            PublishedColumn("entity_id", "The one whose id stays when they are merged"),
            PublishedColumn("other_id", "The other one"),
            PublishedColumn("place", "Order of the columns"),
            PublishedColumn("compared", "The trait or identifier that is compared"),
            PublishedColumn("level", "How much alike the two values are"),
            PublishedColumn("weight", "What that says for (or against) the two being one, in bits"),
        ),
        grain="one row per suggested pair and column",
        description="What speaks for and against each pair that matching suggests.",
    )


def likely_sql(entity: str) -> str:
    """The likely pairs of an entity that matching did not link, as suggestions: `entity, entity_id, other_id, score, alike, pattern`."""
    counted = (
        "SELECT entity, u, v, CAST(SUM(CASE WHEN weight > 0 THEN 1 ELSE 0 END) AS VARCHAR) AS speak_for, "
        "CAST(SUM(CASE WHEN weight < 0 THEN 1 ELSE 0 END) AS VARCHAR) AS speak_against FROM identity.match_reason GROUP BY entity, u, v"
    )
    return (
        f"SELECT {literal(entity)} AS entity, LEAST(p.entity_id, q.entity_id) AS entity_id, "
        "GREATEST(p.entity_id, q.entity_id) AS other_id, MAX(k.probability) AS score, CAST(2 AS BIGINT) AS alike, "
        f"MIN({literal(matched)} || COALESCE('; ' || r.speak_for || ' for, ' || r.speak_against || ' against', '')) AS pattern "
        f"FROM identity.match_link AS k {owners} LEFT JOIN ({counted}) AS r ON r.entity = k.entity AND r.u = k.u AND r.v = k.v "
        f"LEFT JOIN {parted} AS d ON d.one = LEAST(p.entity_id, q.entity_id) "
        f"AND d.other = GREATEST(p.entity_id, q.entity_id) WHERE k.entity = {literal(entity)} AND k.state <> 'link' "
        "AND p.entity_id <> q.entity_id AND d.one IS NULL GROUP BY 2, 3"
    )


matched = "alike by matching"
parted = (
    "(SELECT DISTINCT LEAST(p.entity_id, q.entity_id) AS one, GREATEST(p.entity_id, q.entity_id) AS other "
    "FROM identity.apart AS t JOIN identity.member AS p ON p.node_id = t.u JOIN identity.member AS q ON q.node_id = t.v)"
)
"""The pairs of entities that a person said are not the same: one, other."""
