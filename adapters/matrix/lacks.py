"""What Plein lacks in a room: which power it would take, and what does not work without it."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.matrix.render import POLL_START, REACTION
from adapters.matrix.rooms import Room
from adapters.matrix.settings import Matrix as Settings
from bot.model.message import Text, text


def lacks_in(room: Room, me: str, settings: Settings, *, carried: bool = False) -> list[Text]:
    """What Plein may not do in a room that it is in; `carried`: what people say there is carried on."""
    wanted = list(_wanted(room, settings))
    return _lines(room, me, [*wanted, ("carried", room.needed_to_redact)] if carried else wanted)


def could_use_in(room: Room, me: str, *, carried: bool = False) -> list[Text]:
    """Without what it does, but for one thing each; not what it lacks there."""
    return [] if carried else _lines(room, me, [("redact", room.needed_to_redact)])


def _lines(room: Room, me: str, wanted: Iterable[tuple[str, int]]) -> list[Text]:
    has = room.level_of(me)
    return [
        text(
            "matrix.lacks",
            room=called(room),
            has=int(has),
            needs=needs,
            what=text(f"matrix.lacks.{what}"),
            without=text(f"matrix.without.{what}"),
        )
        for what, needs in wanted
        if has < needs
    ]


def not_in(address: str, user: str, *, space: bool) -> Text:
    """It is not there at all."""
    return text("matrix.lacks.space" if space else "matrix.lacks.room", room=address, user=user)


def called(room: Room) -> str:
    return room.name or room.alias or room.id


def _wanted(room: Room, settings: Settings) -> Iterable[tuple[str, int]]:
    yield "messages", room.needed_to_write
    yield "reactions", room.needed_to_send(REACTION)
    if settings.native_polls:
        yield "polls", max(room.needed_to_write, room.needed_to_send(POLL_START))
