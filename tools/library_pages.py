"""The templates of the feature library in, docs/reference/feature-library out: an index and one page per template."""

from c360.features.language.library import named
from c360.features.language.templates import Role, Template, library, parts

titles = {
    "web": "Web and app",
    "shop": "Shop",
    "saas": "Subscription products",
    "support": "Support",
    "crm": "CRM and mailings",
}


def library_pages() -> dict[str, str]:
    """File name -> text."""
    found = {f"{template.name}.md": page(template) for template in library().values()}
    return {"README.md": index(), **found}


def index() -> str:
    """The list of all templates."""
    lines = [
        "# The feature library",
        "",
        "Features that most projects want, declared once. A project takes a part of it with `use:`; each template finds the",
        "activities that it needs by their usual names, and what does not fit is left out and said by",
        "`c360 features library`. A feature of the project with the same name goes before the library's.",
        "",
        "Names can be told: `use: {shop: {activities: {order_placed: sold}, attributes: {revenue: euros}, windows: [30d, all]}}`.",
        "`only:` and `without:` choose templates, `values:` gives the values of features that are made per value.",
    ]
    for part in parts:
        lines += ["", f"## {titles[part]} (`{part}`)", "", "| no | template | features |", "|---|---|---|"]
        lines += [
            f"| {one.number} | [{one.title}]({one.name}.md) | {', '.join(f'`{name}`' for name in one.features)} |"
            for one in library().values()
            if one.part == part
        ]
    return "\n".join(lines) + "\n"


def page(template: Template) -> str:
    """The page of one template."""
    lines = [
        f"# {template.title}",
        "",
        f"Template {template.number}, `{template.name}`, of the part `{template.part}`.",
    ]
    lines.append(f"It is for {', '.join(template.of)}." + (" It reads what members do." if template.members else ""))
    if template.windows:
        lines += ["", f"One feature per window: {', '.join(f'`{window}`' for window in template.windows)}."]
    if template.with_:
        links = ", ".join(f"[{library()[name].title}]({name}.md)" for name in template.with_)
        lines += ["", f"It reads the features of: {links}."]
    if template.needs:
        lines += ["", "## What it needs", "", "| activity | found as | attributes |", "|---|---|---|"]
        lines += [need(name, role) for name, role in template.needs.items()]
    lines += ["", "## Features", "", "| feature | what it is | unit |", "|---|---|---|"]
    lines += [
        f"| `{shown(template, name)}` | {feature['description'].replace('|', '/')} | {feature.get('unit', '')} |"
        for name, feature in template.features.items()
    ]
    if template.predicted:
        lines += ["", f"With a fitted model there are also: {', '.join(f'`{name}`' for name in template.predicted)}."]
    return "\n".join(lines) + "\n"


def shown(template: Template, name: str) -> str:
    """A feature's name as a pattern."""
    feature = template.features[name]
    windowed = bool(template.windows) and not feature.get("once")
    return (
        named(name, "", "")
        + ("_{" + feature["per"] + "}" if feature.get("per") else "")
        + ("_{window}" if windowed else "")
    )


def need(name: str, role: Role) -> str:
    """One activity that a template needs."""
    names = ", ".join(f"`{one}`" for one in role.activities) or "any activity"
    attributes = "; ".join(
        f"{attribute}{' (may be missing)' if attribute in role.optional else ''}: {', '.join(f'`{one}`' for one in known)}"
        for attribute, known in role.attributes.items()
    )
    return f"| {name}{' (may be missing)' if role.may_miss else ''} | {names} | {attributes} |"
