"""Whatever a role says, no view of any published table shows it a value, a row or an entity that the role keeps back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.e2e.projects import run_project, write_demo

from c360.govern.policy import Viewer, Who, viewer_of
from c360.govern.role_views import Compiler
from c360.project import Project, load_project
from c360.project.blocks.outputs import Role
from c360.warehouse import Connection, quote
from c360.warehouse.snapshots import open_snapshot

busy = "number_of_orders > 0"


@dataclass(frozen=True)
class Store:
    """A published snapshot, and what may be a secret in it."""

    project: Project
    work: Connection
    tables: dict[str, Any]
    columns: dict[str, tuple[str, ...]]
    database: str
    as_of: Any
    secrets: dict[str, set[str]]

    def shown(self, role: Role) -> dict[str, set[str]]:
        """Every text that the role's views hold, by view."""
        views = Compiler(self.project, role, self.tables, self.as_of).compile(self.columns, self.database)
        assert set(views.selects) == set(self.columns)
        texts = {}
        for name, select in views.selects.items():
            rows = self.work.rows(f"SELECT * FROM ({select}) AS seen", portable=False)
            texts[name] = {str(value) for row in rows for value in row if value is not None}
        return texts


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = write_demo(tmp_path_factory.mktemp("govern") / "demo", users=120, events=900)
    run_project(folder)
    project = load_project(folder)
    with open_snapshot(project.store) as reader:
        columns: dict[str, list[str]] = {}
        listed = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main' ORDER BY 1, ordinal_position"
        for table, column in reader.rows(listed):
            columns.setdefault(table, []).append(column)
        secrets = {
            "email": {
                row[0] for row in reader.rows("SELECT DISTINCT value FROM contact_identifier WHERE id_kind = 'email'")
            },
            "user_name": {
                row[0] for row in reader.rows("SELECT DISTINCT user_name FROM contact WHERE user_name IS NOT NULL")
            },
            "gaggle_name": {row[0] for row in reader.rows('SELECT DISTINCT gaggle_name FROM "group"')},
            "idle": {
                row[0]
                for row in reader.rows(
                    f"SELECT email FROM contact WHERE NOT coalesce({busy}, false) AND email IS NOT NULL"
                )
            },
        }
        yield Store(
            project=project,
            work=Connection(reader.connection.raw.cursor()),
            tables=dict(reader.manifest.tables),
            columns={name: tuple(found) for name, found in columns.items()},
            database=str(reader.rows("SELECT current_database()")[0][0]),
            as_of=reader.manifest.as_of,
            secrets=secrets,
        )


names = st.sampled_from(
    ["email", "contact.email", "user_name", "contact.user_name", "gaggle_name", "group.gaggle_name", "user_id"]
)
roles = st.builds(
    Role,
    see=st.one_of(st.just("all"), st.lists(st.sampled_from(["contact", "group", "account"]), unique=True).map(tuple)),
    mask=st.lists(names, max_size=2, unique=True).map(tuple),
    hide=st.lists(names, max_size=2, unique=True).map(tuple),
    clear=st.lists(st.sampled_from(["email", "contact.email"]), max_size=1).map(tuple),
    rows=st.sampled_from([None, busy, "no_such_column = 1"]),
    sql=st.booleans(),
)


def is_clear(role: Role, entity: str, name: str, *, marked: bool = False) -> bool:
    """Whether a role may see the values of a column: said by the role alone, not by the code that compiles it."""
    spellings = {name, f"{entity}.{name}"}
    seen = role.see == "all" or entity in role.see
    return seen and not spellings & {*role.mask, *role.hide} and (not marked or bool(spellings & set(role.clear)))


def leaks(texts: dict[str, set[str]], secret: set[str]) -> dict[str, list[str]]:
    """Views that show a secret value, as a cell or inside of one."""
    found = {}
    for view, shown in texts.items():
        inside = sorted(value for value in secret if any(value in text for text in shown))[:3]
        if inside:
            found[view] = inside
    return found


@settings(max_examples=25, deadline=None, derandomize=True)
@given(role=roles)
def test_what_a_role_keeps_back_is_in_no_view(store: Store, role: Role) -> None:
    texts = store.shown(role)
    marked = store.project.file.ids["email"].pii is not None
    if not is_clear(role, "contact", "email", marked=marked):
        assert not leaks(texts, store.secrets["email"])
    if not is_clear(role, "contact", "user_name"):
        assert not leaks(texts, store.secrets["user_name"])
    if not is_clear(role, "group", "gaggle_name"):
        assert not leaks(texts, store.secrets["gaggle_name"])
    if role.rows is not None:
        assert not leaks(texts, store.secrets["idle"])
    if role.rows == "no_such_column = 1":
        assert not any(texts[entity] for entity in store.project.file.entities)


def test_a_role_that_sees_everything_sees_everything(store: Store) -> None:
    texts = store.shown(Role(see="all", clear=("email",)))
    for name in ("email", "user_name", "gaggle_name"):
        assert leaks(texts, store.secrets[name])
    assert all(texts[entity] for entity in store.project.file.entities)


def test_masked_columns_are_dots_with_four_characters_and_hidden_ones_empty(store: Store) -> None:
    role = Role(see="all", mask=("email",), hide=("user_name",))
    views = Compiler(store.project, role, store.tables, store.as_of).compile(store.columns, store.database)
    rows = store.work.rows(f"SELECT email, user_name FROM ({views.selects['contact']}) AS seen", portable=False)
    endings = {value[-4:] for value in store.secrets["email"]}
    assert all(email[:8] == "\u2022" * 8 and email[8:] in endings for email, _ in rows if email is not None)
    assert {name for _, name in rows} == {None}
    assert "email" in views.masked["contact"]
    assert "user_name" in views.hidden["contact"]


def test_the_condition_of_a_role_cuts_rows_of_every_table_of_the_entity(store: Store) -> None:
    role = Role(see=("contact",), rows=busy)
    views = Compiler(store.project, role, store.tables, store.as_of).compile(store.columns, store.database)
    allowed = {
        row[0]
        for row in store.work.rows(
            f"SELECT entity_id FROM {quote(store.database)}.main.contact WHERE {busy}", portable=False
        )
    }
    assert len(allowed) > 0
    for view in ("contact", "contact_stream", "contact_identifier"):
        found = {
            row[0] for row in store.work.rows(f"SELECT entity_id FROM ({views.selects[view]}) AS seen", portable=False)
        }
        assert found
        assert found <= allowed


def test_a_viewer_of_a_role_that_is_gone_is_refused(store: Store) -> None:
    from c360.errors import AccessError

    with pytest.raises(AccessError, match="no role 'gone'"):
        viewer_of(store.project, Who("A", "a@b.c", "gone"))
    assert isinstance(viewer_of(store.project, Who("A", "a@b.c", "admin")), Viewer)
