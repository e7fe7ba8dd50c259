"""Filling in a form as Discord's client does, and no further than it would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.doubles.discord.answers import Modal
from tests.doubles.discord.components import CHECKBOX, CHECKBOXES, LABEL, RADIO, ROW, SELECT, TEXT_INPUT
from tests.doubles.discord.errors import Json
from tests.doubles.discord.looks import numbered


def filled_in(modal: Modal, fields: Mapping[str, Any]) -> Json:
    """The data of a submit; an AssertionError for a field that is not there or not allowed."""
    named = {
        name: field for field in modal.fields.values() for name in (field["custom_id"], field.get("label"))
    }
    unknown = set(fields) - set(named)
    assert not unknown, f"{modal.title!r} has no {unknown}, only {list(modal.fields)}"
    given = {named[name]["custom_id"]: value for name, value in fields.items()}
    parts = []
    for part in numbered(modal.data["components"]):
        if part["type"] == ROW:
            inner = [_field(field, field.get("label"), given) for field in part["components"]]
            parts.append({"type": ROW, "id": part["id"], "components": inner})
        elif part["type"] == LABEL:
            field = _field(part["component"], part.get("label"), given)
            parts.append({"type": LABEL, "id": part["id"], "component": field})
        else:
            parts.append({"type": part["type"], "id": part["id"]})
    return {"custom_id": modal.data["custom_id"], "components": parts}


def _field(field: Json, label: str | None, given: Mapping[str, Any]) -> Json:
    found: Json = {"type": field["type"], "custom_id": field["custom_id"], "id": field["id"]}
    value = given.get(field["custom_id"])
    required = field.get("required", True)
    if field["type"] == TEXT_INPUT:
        return {**found, "value": _text(field, label, value, required)}
    if field["type"] == CHECKBOX:
        return {**found, "value": bool(field.get("default") if value is None else value)}
    if field["type"] == RADIO:
        chosen = _options(field, [value] if value is not None else [])
        assert chosen or not required, f"{label!r} is required"
        return {**found, "value": chosen[0] if chosen else None}
    if isinstance(value, str):
        value = [value]
    chosen = (
        _options(field, list(value or []))
        if field["type"] in (SELECT, CHECKBOXES)
        else list(map(str, value or []))
    )
    least, most = _bounds(field)
    assert chosen or not required or not least, f"{label!r} is required"
    assert len(chosen) <= most, f"too many for {label!r}"
    return {**found, "values": chosen}


def _bounds(field: Json) -> tuple[int, int]:
    """How many are to be chosen. A group of checkboxes takes all that are in it, a select one."""
    least, most = field.get("min_values"), field.get("max_values")
    many = 1 if field["type"] == SELECT else 10
    return 1 if least is None else least, many if most is None else most


def _text(field: Json, label: str | None, value: Any, required: bool) -> str:
    text = str(field.get("value") or "") if value is None else str(value)
    assert text or not required, f"{label!r} is required"
    least, most = field.get("min_length") or 0, field.get("max_length") or 4_000
    assert not text or least <= len(text) <= most, f"{label!r} takes {least} to {most} characters"
    return text


def _options(field: Json, wanted: list[Any]) -> list[str]:
    options = field.get("options") or []
    if not wanted:
        return [option["value"] for option in options if option.get("default")]
    known = {name: option["value"] for option in options for name in (option["label"], option["value"])}
    assert set(wanted) <= set(known), f"{wanted} is not among {list(known)}"
    return [str(known[value]) for value in wanted]
