"""`no order_placed in 60d` in, the SQL of what came after each date out."""

import re
from dataclasses import replace

from c360.errors import Fault, ProjectError
from c360.features.compiler.measures import total
from c360.features.compiler.rows import Tables, activity_in, stream_rows
from c360.features.language.definition import Definition
from c360.features.language.reads import Read, Resolver
from c360.project import Project
from c360.project.blocks.features import Feature, FeatureDefaults
from c360.records import dataclass

label_form = re.compile(r"^(no |any |count |sum )?\s*(.+?) in (\d{1,5}(?:min|h|d|w|mo|q|y))$")
example = (
    "write `no order_placed in 60d`, `order_placed in 60d`, `count order_placed in 60d` or `sum deal_won.amount in 90d`"
)


@dataclass(frozen=True)
class Label:
    """A parsed label: what is looked for after the date, and how far."""

    read: Read
    kind: str
    horizon: str

    @classmethod
    def parse(cls, project: Project, entity: str, text: str) -> "Label":
        """Read `no order_placed in 60d`.

        Raises:
            ProjectError: it has another form, or names an unknown activity; no fault has a position.
        """
        match = label_form.match(text.strip())
        if match is None:
            raise ProjectError(Fault("panel-label", f"the label '{text}' is not understood", fix=example))
        kind = (match[1] or "any").strip()
        feature = Feature(sum=match[2]) if kind == "sum" else Feature(count=match[2])
        definition = Definition(entity, "label", feature, None, (), FeatureDefaults(), ())
        try:
            read = Resolver(project, {}).read(definition)
        except ProjectError as error:  # said at the command, so it stands in no line of the project
            raise ProjectError(*(replace(fault, at=None) for fault in error.faults)) from None
        if read.kind != "stream":
            raise ProjectError(Fault("panel-label", f"'{match[2]}' is no activity", fix=example))
        return cls(read, kind, match[3])

    def sql(self, tables: Tables) -> str:
        """SQL of `entity_id, cut, label`."""
        read = self.read
        rows = stream_rows([read], Tables(tables.project, tables.frame, tables.types, tables.located), None)
        where = "s.activity_ts > c.cut_at AND s.activity_ts <= c.label_end"
        if read.activities is not None:
            where += f" AND {activity_in(tables.project, list(read.activities))}"
        rows = replace(rows, where=where)
        value = "count(*)"
        if self.kind == "sum":
            value = total(str(read.value), tables.type_of(read.value_key, "activity"), None)
        return rows.select([f"{value} AS label"])

    def value(self, column: str) -> str:
        """SQL of the label of a row, from the aggregate that may be missing."""
        forms = {"no": f"{column} IS NULL", "any": f"{column} IS NOT NULL"}
        return forms.get(self.kind, f"coalesce({column}, 0)")
