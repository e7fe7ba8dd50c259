"""What a message looks like: its words and its parts, wherever they are nested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.doubles.discord.state import Poll

Json = dict[str, Any]
SAID = ("content", "label", "placeholder", "description")


def all_components(components: Iterable[Json]) -> Iterator[Json]:
    """Every component, depth first: rows, sections with their accessory, containers, labels."""
    for component in components:
        if not isinstance(component, dict):
            continue
        yield component
        inner = list(component.get("components") or [])
        inner += [component[part] for part in ("accessory", "component") if component.get(part)]
        yield from all_components(inner)


def words_of(content: str, embeds: Iterable[Json], components: Iterable[Json], poll: Poll | None) -> str:
    """All that can be read, a line each."""
    lines = [content]
    for embed in embeds:
        lines += [
            (embed.get("author") or {}).get("name", ""),
            embed.get("title", ""),
            embed.get("description", ""),
        ]
        for field in embed.get("fields", []):
            lines += [field["name"], field["value"]]
        lines.append((embed.get("footer") or {}).get("text", ""))
    for component in all_components(components):
        lines += [str(component.get(key) or "") for key in SAID]
        lines += [option["label"] for option in component.get("options") or []]
    if poll:
        lines += [
            poll.question.get("text", ""),
            *(str(answer.get("text", "")) for answer in poll.answers.values()),
        ]
    return "\n".join(line for line in lines if line)


def numbered(components: list[Json]) -> list[Json]:
    """With an id for each that has none, as Discord gives them."""
    taken = {component.get("id") for component in all_components(components)}
    number = 0
    for component in all_components(components):
        if not component.get("id"):
            number += 1
            while number in taken:
                number += 1
            component["id"] = number
    return components
