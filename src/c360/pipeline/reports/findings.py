"""A project in, the tables of what a run finds out about itself out: whose reports disagree, and where scores are parted."""

from collections.abc import Iterator

from c360.features import catalogue
from c360.project import Project
from c360.warehouse.catalogue import PublishedColumn, PublishedTable


def finding_tables(project: Project) -> Iterator[PublishedTable]:
    """What a run found out about itself: where relations, and where sources of one transaction disagree."""
    if any(activity.transaction for activity in project.file.activities.values()):
        yield PublishedTable(
            name="reconciliation",
            select="SELECT * FROM activity.reconciliation",
            key=("entity", "activity", "other_uuid"),
            columns=(
                PublishedColumn("entity", "Whose stream it is"),
                PublishedColumn("activity", "What was done"),
                PublishedColumn("transaction_id", "The transaction that several rows tell of"),
                PublishedColumn("kept_source", "The source that is believed"),
                PublishedColumn("kept_value", "The money that it says"),
                PublishedColumn("other_source", "The source of the row that does not count"),
                PublishedColumn("other_uuid", "Names that row"),
                PublishedColumn("other_value", "The money that it says"),
                PublishedColumn("difference", "What the other source says more"),
            ),
            grain="one row per row that does not count",
            description="Transactions that several rows tell of: the one that counts, the others, and the difference.",
        )
    if any(entry.scored for entry in catalogue(project)):
        yield PublishedTable(
            name="feature_edge",
            select="SELECT * FROM features.edge",
            key=("entity", "feature", "edge"),
            columns=(
                PublishedColumn("entity", "Whose feature it is"),
                PublishedColumn("feature", "The score"),
                PublishedColumn("edge", "Number of the edge, from the lowest"),
                PublishedColumn("value", "Up to this number inclusive a number belongs to the class below"),
                PublishedColumn("known_at", "The date of the population that was parted"),
            ),
            grain="one row per score and edge",
            description="The edges between the classes of each score.",
        )
    if any(entity.belongs_to for entity in project.file.entities.values()):
        yield PublishedTable(
            name="relation_conflict",
            select="SELECT * FROM entities.relation_conflict",
            key=("entity", "entity_id", "target", "other_id", "other_by"),
            columns=(
                PublishedColumn("entity", "The kind of thing that belongs to another one"),
                PublishedColumn("entity_id", "Which one"),
                PublishedColumn("target", "The kind of thing it belongs to"),
                PublishedColumn("chosen_id", "The target that was chosen"),
                PublishedColumn("chosen_by", "The way that found it"),
                PublishedColumn("members", "How many of its members spoke for the chosen one"),
                PublishedColumn("other_id", "Another target that a way found"),
                PublishedColumn("other_by", "The way that found the other one"),
                PublishedColumn("other_members", "How many of its members spoke for the other one"),
            ),
            grain="one row per entity and other candidate",
            description="Where two ways of finding what an entity belongs to disagree: the chosen one and the other.",
        )
