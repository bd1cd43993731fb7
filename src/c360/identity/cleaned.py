"""An identifier kind of the project in, the SQL of its normalised value, of its blocking and of its absence out."""

from collections.abc import Sequence

from c360.identity.mentions import kind_of_id
from c360.project import Project
from c360.project.blocks.ids import IdKind
from c360.warehouse import literal


class Cleaner:
    """How the values of one identifier kind are made comparable."""

    def __init__(self, project: Project, kind: str) -> None:
        self.project = project
        self.kind: IdKind = kind_of_id(project, kind)

    def normal(self, columns: Sequence[str]) -> str:
        """SQL of the normalised value of raw columns (SQL text); NULL when absent or malformed."""
        trimmed = [f"TRIM(CAST({column} AS VARCHAR))" for column in columns]
        value = f"NULLIF({trimmed[0]}, '')"
        if self.kind.type == "email":
            value = f"CASE WHEN LOWER({trimmed[0]}) LIKE '%_@_%' THEN LOWER({trimmed[0]}) END"
        elif self.kind.type == "domain":
            value = f"CASE WHEN {value} LIKE '%@%' THEN SPLIT_PART(LOWER({trimmed[0]}), '@', 2) ELSE LOWER({value}) END"
        return value

    def absent(self, columns: Sequence[str]) -> str:
        """SQL condition: nothing stands in the raw columns, so there is nothing to complain about."""
        return " AND ".join(f"COALESCE(TRIM(CAST({column} AS VARCHAR)), '') = ''" for column in columns)

    def blocked(self, normal: str) -> str | None:
        """SQL condition: this normalised value never links; None when nothing is blocked."""
        values: list[str] = []
        for item in self.kind.block:
            values += [item] if isinstance(item, str) else [str(v) for v in self.project.file.lists[item.list]]
        if not values:
            return None
        plain = ", ".join(literal(value) for value in values if "*" not in value)
        parts = [f"{normal} IN ({plain})"] if plain else []
        parts += [f"{normal} LIKE {literal(value.replace('*', '%'))}" for value in values if "*" in value]
        return " OR ".join(parts)
