"""The project model in, a JSON Schema that also knows the short forms out."""

from typing import Any

from c360.project.model import ProjectFile

# Keys whose short forms are unfolded before validation: the schema must admit what users write.
loose = ("ids", "activities", "features")
inner = ("Entity", "Source", "BelongsTo")


def project_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of `c360.yaml`."""
    schema: dict[str, Any] = ProjectFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "c360 project"
    for key in loose:
        described = {k: v for k, v in schema["properties"][key].items() if k in ("description", "title")}
        schema["properties"][key] = {"type": "object", **described}
    for name in inner:
        for key, value in schema["$defs"][name]["properties"].items():
            schema["$defs"][name]["properties"][key] = admit_single(value)
    relations = schema["$defs"]["Entity"]["properties"].get("belongs_to", {})
    if "additionalProperties" in relations:
        relations["additionalProperties"] = admit_single(relations["additionalProperties"])
    return schema


def admit_single(value: dict[str, Any]) -> dict[str, Any]:
    """A list that may also be written as its single item."""
    if value.get("type") != "array" or "items" not in value:
        return value
    kept = {key: item for key, item in value.items() if key in ("title", "description", "default")}
    array = {key: item for key, item in value.items() if key not in kept}
    return {**kept, "anyOf": [array, value["items"]]}
