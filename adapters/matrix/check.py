"""Whether the configured account can be used, without leaving anything behind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import aiohttp
import nio

from adapters.matrix.aliases import Aliases, follow
from adapters.matrix.lacks import could_use_in, lacks_in, not_in
from adapters.matrix.rooms import Room
from adapters.matrix.settings import PLATFORM
from adapters.matrix.settings import Matrix as Settings
from adapters.matrix.spaces import Spaces
from bot.model.homes import Home
from bot.model.message import Text, text
from bot.model.people import Grounds
from bot.platforms import called

CHECK_SECONDS = 15.0
# By community.
Lines = dict[int, list[Text]]


async def check(
    settings: Settings,
    grounds: Grounds,
    homes: Mapping[int, Home] | None = None,
    kept: Mapping[str, str] | None = None,
    carried: Collection[int] = (),
) -> tuple[Text | None, Lines, Lines]:
    """What is wrong with the account, None where all is well; what each community lacks in its rooms and
    spaces; and what would be useful there. `homes`: where each one's themes get their rooms, where that was
    chosen; `kept`: what Plein's account keeps; `carried`: those where what people say elsewhere may be
    carried.
    """
    config = nio.AsyncClientConfig(
        encryption_enabled=False, max_timeouts=0, max_limit_exceeded=0, request_timeout=CHECK_SECONDS
    )
    client = nio.AsyncClient(settings.homeserver, settings.user, config=config)
    lacks: Lines = {}
    useful: Lines = {}
    try:
        answer = await client.send("GET", "/_matrix/client/versions")
        versions = await answer.json(content_type=None)
        if answer.status != 200 or not isinstance(versions, dict) or "versions" not in versions:
            return text("matrix.check.no_homeserver", address=settings.homeserver), {}, {}
        enter = _check_token if settings.token else _check_password
        if wrong := await enter(client, settings):
            return wrong, {}, {}
        try:
            joined = await _joined(client)
            aliases = await follow(client, (*grounds.themes, *grounds.groups), kept or {})
            await _look(client, settings, grounds, aliases, joined, carried, lacks, useful)
            for community, home in (homes or {}).items():
                if home.ref not in joined:
                    gone = text("home.gone", home=home.called, platform=called(PLATFORM))
                    lacks.setdefault(community, []).append(gone)
        finally:
            if not settings.token:
                await client.logout()
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
        return text("matrix.check.unreachable", address=settings.homeserver), {}, {}
    else:
        return None, lacks, useful
    finally:
        await client.close()


async def _look(
    client: nio.AsyncClient,
    settings: Settings,
    grounds: Grounds,
    aliases: Aliases,
    joined: Collection[str],
    carried: Collection[int],
    lacks: Lines,
    useful: Lines,
) -> None:
    """Each space and room that a line names, and what is in those spaces; `joined`: where Plein is."""
    rooms: dict[str, int] = {}
    for each in aliases.astray:
        if (whose := grounds.whose(each.alias, each.alias)) is not None:
            lacks.setdefault(whose, []).append(each.line)
    for space, community in grounds.groups.items():
        known = aliases.ids.get(space, space)
        if known not in joined:
            lacks.setdefault(community, []).append(not_in(space, settings.user, space=True))
            continue
        inside = Spaces([known])
        inside.note(known, await _state(client, known))
        rooms |= {room: community for room in inside.rooms_in(known) if room in joined}
    for address, named in grounds.themes.items():
        known = aliases.ids.get(address, address)
        if known in joined:
            rooms[known] = named.community
        else:
            lacks.setdefault(named.community, []).append(not_in(address, settings.user, space=False))
    for room_id, community in rooms.items():
        room = Room(room_id)
        for event in await _state(client, room_id):
            room.apply(event)
        is_carried = community in carried
        lacks.setdefault(community, []).extend(lacks_in(room, settings.user, settings, carried=is_carried))
        useful.setdefault(community, []).extend(could_use_in(room, settings.user, carried=is_carried))


async def _joined(client: nio.AsyncClient) -> set[str]:
    answer = await client.joined_rooms()
    return set(answer.rooms) if isinstance(answer, nio.JoinedRoomsResponse) else set()


async def _state(client: nio.AsyncClient, room: str) -> Sequence[Mapping[str, Any]]:
    answer = await client.room_get_state(room)
    return answer.events if isinstance(answer, nio.RoomGetStateResponse) else ()


async def _check_token(client: nio.AsyncClient, settings: Settings) -> Text | None:
    assert settings.token
    client.access_token = settings.token.get_secret_value()
    answer = await client.whoami()
    if not isinstance(answer, nio.WhoamiResponse):
        return text("matrix.check.token")
    if answer.user_id != settings.user:
        return text("matrix.check.other_user", found=answer.user_id, user=settings.user)
    return None


async def _check_password(client: nio.AsyncClient, settings: Settings) -> Text | None:
    assert settings.password
    answer = await client.login(
        settings.password.get_secret_value(), device_name=f"{settings.device_name} (check)"
    )
    if not isinstance(answer, nio.LoginResponse):
        code = answer.status_code or "?"
        return text(
            "matrix.check.busy" if code == "M_LIMIT_EXCEEDED" else "matrix.check.password", user=settings.user
        )
    return None
