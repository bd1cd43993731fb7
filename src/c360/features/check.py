"""A project in, the faults of its features out, each at the line of the declaration."""

from collections.abc import Iterator

from c360.entities import columns_of
from c360.errors import Fault, suggest
from c360.features.compiler.nulls import number_verbs
from c360.features.language.definition import Definition
from c360.features.language.definitions import list_definitions
from c360.features.language.reads import Read
from c360.features.language.resolved import resolve
from c360.features.language.templates import library, parts
from c360.features.language.windows import form
from c360.features.rollups import check_history
from c360.project import Project


def check(project: Project) -> list[Fault]:
    """Unknown names, ambiguous paths, circles, names that clash, and modifiers that a verb cannot use."""
    reads, faults = resolve(project)
    faults += [fault for read in reads.values() for fault in check_null(project, read)]
    faults += check_uses(project)
    definitions = [d for d in list_definitions(project) if d.entity in project.file.entities]
    faults += check_names(project, definitions)
    for definition in definitions:
        faults += [*check_modifiers(project, definition), *check_versions(project, definition)]
        faults += check_history(project, definition, reads.get(definition.key))
    return list({str(fault): fault for fault in faults}.values())


def check_uses(project: Project) -> Iterator[Fault]:
    """Parts and templates of the library that are named must be there."""
    for entity, block in project.file.features.items():
        for part, use in block.use.items():
            path = ("features", entity, "use", part)
            if part not in parts:
                fix = suggest(part, parts) or f"parts: {', '.join(parts)}"
                yield project.fault("unknown-library", f"the library has no part '{part}'", *path, fix=fix)
                continue
            known = [template.name for template in library().values() if template.part == part]
            for name in (*(use.only or ()), *use.without):
                if name not in known:
                    message = f"the part '{part}' of the library has no template '{name}'"
                    yield project.fault("unknown-template", message, *path, fix=suggest(name, known))
            for window in use.windows or ():
                if window != "all" and not form.match(window):
                    message = f"'{window}' is no window"
                    yield project.fault("feature-window", message, *path, fix="write 30d, 4w, 12mo or all")


def check_names(project: Project, definitions: list[Definition]) -> Iterator[Fault]:
    """A feature may not have the name of a trait, an identifier or another feature."""
    taken: dict[tuple[str, str], str] = {}
    for name in {definition.entity: None for definition in definitions}:
        taken |= {(name, column.lower()): f"a column of {name}" for column in columns_of(project, name)}
    for definition in definitions:
        key = (definition.entity, definition.name.lower())
        if key in taken:
            message = f"feature '{definition.name}' has the name of {taken[key]}"
            yield project.fault("name-twice", message, *definition.path, fix="take another name or suffix")
        taken.setdefault(key, "another feature")


def check_null(project: Project, read: Read) -> Iterator[Fault]:
    """What stands for NULL has the type of the feature."""
    definition, policy = read.definition, read.definition.feature.null
    if not definition.feature.null_is_declared or policy in (None, "keep"):
        return
    is_number = isinstance(policy, int | float) and not isinstance(policy, bool)
    wanted = None
    if definition.feature.verb == "any":
        wanted = None if isinstance(policy, bool) else "write `true`, `false` or `keep`"
    elif definition.feature.verb in number_verbs or read.gap:
        wanted = None if is_number else "write a number, or `keep`"
    elif read.value == 's."activity_ts"':
        wanted = "write `keep`"
    if wanted is not None:
        message = f"'{definition.name}': `null: {policy}` does not fit what `{definition.feature.verb}` gives"
        yield project.fault("feature-null-type", message, *definition.path, "null", fix=wanted)


needs = {"nth": ("n",), "percentile": ("p",), "trend": ("window",)}
only_for = {"best": {"score"}, "n": {"nth", "list", "score"}, "p": {"percentile"}, "order": {"pick"}}


def check_versions(project: Project, definition: Definition) -> Iterator[Fault]:
    """Older versions have lower numbers and none of their own."""
    feature = definition.feature
    for number, older in feature.previous.items():
        path = (*definition.path, "previous", str(number))
        if not 1 <= number < feature.version:
            message = f"'{definition.name}' is version {feature.version}, and {number} is not before it"
            yield project.fault("feature-version", message, *path, fix=f"raise `version:` above {number}")
        if older.previous:
            message = f"'{definition.name}@{number}' has older versions of its own"
            yield project.fault("feature-version", message, *path, fix="list them all under the current version")


def check_modifiers(project: Project, definition: Definition) -> Iterator[Fault]:
    """Modifiers that the verb needs, and those that mean nothing to it."""
    feature, verb = definition.feature, definition.feature.verb
    for key in needs.get(verb, ()):
        if getattr(feature, key) is None:
            message = f"'{definition.name}': `{verb}` needs `{key}:`"
            yield project.fault("feature-incomplete", message, *definition.path, verb, fix=f"add `{key}:`")
    for key, verbs in only_for.items():
        if getattr(feature, key) is not None and verb not in verbs:
            message = f"'{definition.name}': `{key}:` means nothing to `{verb}`"
            fix = f"it belongs to {', '.join(sorted(verbs))}"
            yield project.fault("feature-modifier", message, *definition.path, key, fix=fix)
    if verb in ("sql", "ratio", "score"):
        for key in ("window", "ago", "relative", "to", "followed_by", "not_followed_by", "take", "of", "via", "where"):
            if getattr(feature, key) is not None:
                message = f"'{definition.name}': `{key}:` means nothing to a formula"
                fix = "put it at the features that the formula reads"
                yield project.fault("feature-modifier", message, *definition.path, key, fix=fix)
    if verb == "streak" and feature.take not in (None, "day", "week", "month"):
        message = f"'{definition.name}': a streak counts days, weeks or months"
        yield project.fault("feature-modifier", message, *definition.path, "take", fix="write `take: day|week|month`")
