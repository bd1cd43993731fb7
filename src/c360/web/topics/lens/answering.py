"""A question in any of the lens's languages and a role in; rows, SQL or what can be asked for out, for programs."""

from dataclasses import replace
from typing import Any

from c360.govern.reading import Reading
from c360.lenses.answer import run_query
from c360.lenses.model.meta import meta
from c360.lenses.open import read_any, render_request
from c360.lenses.request.form import RequestForm
from c360.web.topics.lens.asking import bind, check_may_write, is_seen, shown_dimensions

most_rows = 1000


def query_rows(reading: Reading, name: str | None, text: str) -> dict[str, Any]:
    """Answer a question written as JSON, SQL or LQL; without a limit of its own it gives the first rows.

    Raises:
        AccessError: the role may not write questions.
        ProjectError: the question is wrong, each fault with its fix.
    """
    check_may_write(reading)

    def ask(connection: Any) -> dict[str, Any]:
        bound = bind(reading, name, connection)
        form = read_any(bound, text)
        answer = run_query(bound, limited(form), as_of=as_of(reading))
        if form.limit is None and form.listing is None and len(answer.rows) == most_rows:
            note = f"only the first {most_rows} rows are here: the question has no `limit`"
            answer = replace(answer, notes=(*answer.notes, note))
        return answer.as_json()

    found: dict[str, Any] = reading.within_deadline(ask)
    return found


def limited(form: RequestForm) -> RequestForm:
    """A question with a limit."""
    return form if form.limit is not None else form.model_copy(update={"limit": most_rows})


def write_sql(reading: Reading, name: str | None, text: str, engine: str | None) -> dict[str, Any]:
    """The statement of a question, in the words of an engine, with its plan and what to know of its numbers.

    Raises:
        AccessError: the role may not write questions.
        ProjectError: the question is wrong, each fault with its fix.
    """
    check_may_write(reading)

    def ask(connection: Any) -> dict[str, Any]:
        bound = bind(reading, name, connection)
        compiled, sql = render_request(bound, read_any(bound, text), engine, as_of=as_of(reading))
        return {
            "sql": sql, "engine": engine or "duckdb", "columns": compiled.columns, "plan": compiled.plan,
            "notes": compiled.notes, "not_additive": compiled.not_additive,
        }  # fmt: skip

    found: dict[str, Any] = reading.within_deadline(ask)
    return found


def offered(reading: Reading, name: str | None) -> dict[str, Any]:
    """What the role can ask a lens for, hidden members left out, and how its entities relate."""

    def read(connection: Any) -> dict[str, Any]:
        return meta(bind(reading, name, connection).lens, hidden=False)

    found = reading.within_deadline(read)
    seen = [entity for entity in found["entities"] if is_seen(reading, entity)]
    names = {entity["name"] for entity in seen}
    return {
        **found,
        "entities": [
            {
                **entity,
                "dimensions": shown_dimensions(reading, entity),
                "measures": [
                    {
                        **one,
                        **{way: [to for to in one[way] if to in names] for way in ("by", "by_many", "by_ambiguous")},
                    }
                    for one in entity["measures"]
                ],
                "relationships": [one for one in entity["relationships"] if one["to"] in names],
            }
            for entity in seen
        ],
    }


def as_of(reading: Reading) -> Any:
    """What "now" is: the moment of the snapshot, as the lens takes it."""
    return reading.as_of.replace(tzinfo=None)
