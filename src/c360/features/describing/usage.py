"""A feature of a project in, everything that uses it out: features, segments, syncs, lenses and checks."""

import re

from c360.features.language.definition import Key
from c360.features.language.resolved import resolve
from c360.project import Project


def used_by(project: Project, key: Key) -> list[str]:
    """What reads a feature, such as `feature account.number_of_events_corporate` or `segment hot_free_accounts`."""
    entity, name = key
    reads, _ = resolve(project)
    found = [f"feature {other[0]}.{other[1]}" for other, read in reads.items() if key in read.needs]
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", re.IGNORECASE)
    segments = {
        title for title, segment in project.file.segments.items() if segment.of == entity and word.search(segment.where)
    }
    found += [f"segment {title}" for title in project.file.segments if title in segments]
    for title, sync in project.file.syncs.items():
        of = project.file.segments[sync.segment].of if sync.segment in project.file.segments else sync.table
        if of == entity and (sync.segment in segments or word.search(str(sync.set))):
            found.append(f"sync {title}")
    found += [
        f"lens {file}" for file, text in lens_texts(project) if word.search(text) and is_named(project, entity, text)
    ]
    for check in project.file.checks:
        named = [*(check.unique or ()), *(check.not_null or ()), check.accepted_values, check.relationships, check.to]
        if f"{entity}.{name}" in named or (
            check.table == entity and check.expression and word.search(check.expression)
        ):
            found.append(f"check {check.verb} of {entity}.{name}")
    return found


def lens_texts(project: Project) -> list[tuple[str, str]]:
    """The lens files of a project that can be read, with their text."""
    files = [item if isinstance(item, str) else item.file for item in project.file.lens]
    return [(file, (project.root / file).read_text("utf-8")) for file in files if (project.root / file).is_file()]


def is_named(project: Project, entity: str, text: str) -> bool:
    """Whether a text names an entity's table."""
    names = {entity, project.file.entities[entity].label or entity}
    return any(re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text, re.IGNORECASE) for name in names)
