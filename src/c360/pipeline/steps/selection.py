"""`identity+`, `+features` or names with commas in, the steps that may run out."""

from c360.errors import Fault, ProjectError, suggest

step_names = ("sources", "identity", "activity", "entities", "features", "checks", "publish")


def selected(name: str, select: tuple[str, ...] | None) -> bool:
    """Whether a step may run."""
    return select is None or name in select


def parse_select(text: str | None) -> tuple[str, ...] | None:
    """The steps of `identity`, `identity+` (and after), `+identity` (and before), or several with commas.

    Raises:
        ProjectError: there is no such step.
    """
    if text is None:
        return None
    chosen: set[str] = set()
    for part in text.split(","):
        name = part.strip().strip("+")
        if name not in step_names:
            fix = suggest(name, step_names) or f"steps: {', '.join(step_names)}"
            raise ProjectError(Fault("unknown-step", f"unknown step '{name}'", fix=fix))
        place = step_names.index(name)
        chosen |= {name}
        chosen |= set(step_names[place:]) if part.strip().endswith("+") else set()
        chosen |= set(step_names[: place + 1]) if part.strip().startswith("+") else set()
    return tuple(name for name in step_names if name in chosen)
