"""The conditions of a source (`where:`, `deleted:`) as SQL, before the columns of its files are known."""

from collections.abc import Iterator
from datetime import datetime

from c360.errors import Fault, ProjectError
from c360.project import Project
from c360.warehouse.snippets import compile_snippet, plain_name

keys = ("where", "deleted")


def conditions(project: Project, name: str) -> Iterator[tuple[str, str]]:
    """The keys of a source that hold a condition, with its text."""
    for key in keys:
        sql = getattr(project.file.sources[name], key)
        if sql is not None:
            yield key, sql


def compile_loosely(project: Project, name: str, key: str, sql: str, as_of: datetime) -> str:
    """Compile a condition with every column name taken as it is.

    Raises:
        ProjectError: it is no SQL expression.
    """

    def resolve(table: str | None, column: str) -> str:
        if column == sql.strip() and not plain_name.match(column):
            raise ProjectError(Fault("unknown-column", f"'{column}' is no column"))
        return f"{table}.{column}" if table else column

    return compile_snippet(sql, resolve, as_of=as_of, at=project.at("sources", name, key))
