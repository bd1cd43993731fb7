"""An identifier kind of the project in, the SQL of its normalised value, of its blocking and of its absence out."""

from collections.abc import Sequence

from c360.cleaning import Lists, blocked_sql, derived_sql, normal_sql
from c360.cleaning.text import absent_words, fold_sql
from c360.identity.inputs.kinds import kind_of_id
from c360.project import Project
from c360.warehouse import literal


class Cleaner:
    """How the values of one identifier kind are made comparable."""

    def __init__(self, project: Project, lists: Lists, kind: str) -> None:
        self.kind = kind_of_id(project, kind)
        self.lists = lists

    @property
    def form(self) -> str:
        """What is equal for kinds that are cleaned and blocked alike."""
        kind = self.kind
        return repr((kind.type, sorted(kind.options.items(), key=str), kind.columns and len(kind.columns), kind.block))

    @property
    def parts(self) -> int:
        """How many columns make one identifier."""
        return len(self.kind.columns or ("",))

    def normal(self, columns: Sequence[str]) -> str:
        """SQL of the normalised value of raw columns (SQL text); NULL when absent or malformed."""
        return normal_sql(self.kind, columns, region=self.lists.region, idn=self.lists.idn)

    def absent(self, columns: Sequence[str]) -> str:
        """SQL condition: a part is empty, so there is nothing to complain about."""
        return " OR ".join(is_absent(f"CAST({column} AS VARCHAR)") for column in columns)

    def blocked(self, normal: str) -> str | None:
        """SQL condition: this normalised value never links; None when nothing is blocked."""
        condition = blocked_sql(self.kind, normal, self.lists)
        return None if condition == "FALSE" else condition

    def derived(self, source: "Cleaner", normal: str) -> str:
        """SQL of the identifier that follows from a normalised one of another kind."""
        return derived_sql(self.kind, source.kind, normal)


def is_absent(text: str) -> str:
    """`cleaning.text.absent_sql` without its IN list, which DuckDB would compute for every row, not only where needed."""
    words = literal("\n" + "\n".join(absent_words) + "\n")
    return f"(STRPOS({words}, '\n' || COALESCE(TRIM({fold_sql(text)}), '') || '\n') > 0)"
