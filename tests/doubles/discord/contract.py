"""Holds what a bot sent against Discord's published OpenAPI document."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.doubles.discord.http import Call

BIG = 2**53
"""An id that a library sends as a number: Discord takes it, the document wants a text."""


@functools.cache
def _document(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


@functools.cache
def _patterns(path: str) -> list[tuple[re.Pattern[str], str, int]]:
    """Each path of the document as a pattern, with how much of it is open: the least open is meant."""
    found = []
    for template in _document(path)["paths"]:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        found.append((re.compile(pattern), template, template.count("{")))
    return sorted(found, key=lambda entry: entry[2])


@functools.cache
def _validator(path: str, template: str, method: str, kind: str) -> Draft202012Validator | None:
    """For the body of an operation, None where it has none of that kind."""
    document = _document(path)
    operation = document["paths"][template].get(method)
    content = (operation or {}).get("requestBody", {}).get("content", {})
    schema = (content.get(kind) or {}).get("schema")
    if schema is None:
        return None
    return Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def violations(calls: Iterable[Call], path: str | None = None) -> list[str]:
    """What of these requests the document at `path` forbids, or does not know at all.

    `path` is by default what the environment variable DISCORD_OPENAPI names; without either there is
    nothing to hold them against.
    """
    path = path or os.environ.get("DISCORD_OPENAPI", "")
    if not path:
        return []
    return [line for call in calls for line in _of_call(call, path)]


def _of_call(call: Call, path: str) -> list[str]:
    template = next(
        (template for pattern, template, _ in _patterns(path) if pattern.fullmatch(call.path)), None
    )
    operation = None if template is None else _document(path)["paths"][template].get(call.method.lower())
    if template is None or operation is None:
        return [f"{call.method} {call.path}: not in the document"]
    kind = "multipart/form-data" if call.files else "application/json"
    method = call.method.lower()
    if _validator(path, template, method, kind) is None:
        return [f"{call.method} {template}: has no body of {kind}"] if call.body is not None else []
    if call.body is None:
        required = operation["requestBody"].get("required")
        return [f"{call.method} {template}: the body is missing"] if required else []
    body = json.dumps(_without_false_alarms(call.body), sort_keys=True)
    return [f"{call.method} {template}: {told}" for told in _of_body(path, template, method, kind, body)]


@functools.lru_cache(4096)
def _of_body(path: str, template: str, method: str, kind: str, body: str) -> tuple[str, ...]:
    """Many tests send the same, the whole list of commands first of all: holding it against the document
    takes longer than everything else that such a test does."""
    validator = _validator(path, template, method, kind)
    assert validator
    return tuple(map(_told, validator.iter_errors(json.loads(body))))


def mistakes(calls: Iterable[Call], path: str | None = None) -> list[str]:
    """What of the double's own answers the document does not allow: then the double is wrong."""
    path = path or os.environ.get("DISCORD_OPENAPI", "")
    if not path:
        return []
    return [line for call in calls if _is_own(call) for line in _of_answer(call, path)]


def _is_own(call: Call) -> bool:
    return 200 <= call.status < 300 and not call.injected


def _of_answer(call: Call, path: str) -> list[str]:
    template = next(
        (template for pattern, template, _ in _patterns(path) if pattern.fullmatch(call.path)), None
    )
    operation = None if template is None else _document(path)["paths"][template].get(call.method.lower())
    if template is None or operation is None:
        return []
    name = f"{call.method} {template}"
    known = operation["responses"].get(str(call.status))
    if known is None:
        return [f"{name}: {call.status} is none of {list(operation['responses'])}"]
    if "application/json" not in known.get("content", {}):
        return [f"{name}: {call.status} has no body"] if call.answer is not None else []
    validator = _validator_of_answer(path, template, call.method.lower(), str(call.status))
    return [f"{name}: answered {_told(error)}" for error in validator.iter_errors(call.answer)]


@functools.cache
def _validator_of_answer(path: str, template: str, method: str, status: str) -> Draft202012Validator:
    document = _document(path)
    response = document["paths"][template][method]["responses"][status]
    schema = response["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]})


def _without_false_alarms(body: Any) -> Any:
    """The body with what Discord takes and the document does not spelled as in the document: ids as texts,
    those of files too, which are mere numbers, and permissions as numbers."""
    if isinstance(body, list):
        return [_without_false_alarms(part) for part in body]
    if not isinstance(body, dict):
        return str(body) if isinstance(body, int) and body > BIG else body
    found = {key: _without_false_alarms(value) for key, value in body.items()}
    for attachment in found.get("attachments") or []:
        if isinstance(attachment, dict) and "id" in attachment:
            attachment["id"] = str(attachment["id"])
    for key in ("permissions", "allow", "deny", "default_member_permissions"):
        if isinstance(found.get(key), str) and found[key].isdecimal():
            found[key] = int(found[key])
    return found


def _told(error: Any) -> str:
    """The deepest reason, and where."""
    while error.context:
        error = min(error.context, key=lambda cause: (-len(cause.absolute_path), len(cause.message)))
    place = "/".join(map(str, error.absolute_path)) or "the body"
    return f"{place}: {error.message[:200]}"
