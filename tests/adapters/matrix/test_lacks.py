"""What Plein lacks in a community's spaces and rooms, on the homeserver: told while it runs, and checked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from adapters.matrix.check import check
from adapters.matrix.render import POLL_START, REACTION
from adapters.matrix.settings import Matrix
from bot.main.check import check as plein_check
from bot.main.communities import grounds_on
from bot.main.config import load
from bot.model.homes import Home
from bot.model.message import Text
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.installed import FEATURES
from tests.homeserver import PASSWORD, Homeserver, shown
from tests.plein import Plein
from tests.town import Town, numbers

SPACE: dict[str, Any] = {"creation_content": {"type": "m.space"}}
# Plein comes in with no power at all.
LEVELS = {"events": {REACTION: 10, POLL_START: 20}, "redact": 50, "events_default": 0, "users_default": 0}


def written(lines: list[Text]) -> list[str]:
    return [Texts().write(line, Voice("nl", BRUSSELS, NOW)) for line in lines]


async def test_what_is_lacking_is_told_and_found_by_a_check(homeserver: Homeserver, tmp_path: Path) -> None:
    mo = await homeserver.person(f"mo{next(numbers)}")
    alias = f"dorp{next(numbers)}"
    village = await mo.create_room(public=True, room_alias_name=alias, **SPACE)
    # Nobody invited Plein into that one.
    city = await mo.create_room(**SPACE)
    name, alias = f"plein{next(numbers)}", f"#{alias}:{homeserver.name}"
    more = (
        f'[[communities]]\nname = "Dorp"\nspaces = ["{alias}"]\n'
        f'[[communities]]\nname = "Stad"\nspaces = ["{city}"]\n'
    )
    plein = await Plein.on(homeserver, tmp_path, name, more=more)
    town = Town(homeserver, plein)
    room = await mo.create_room(
        "Zaal", invite=[plein.user_id], public=True, power_level_content_override=LEVELS
    )
    await mo.send_state(village, "m.space.child", {"via": [homeserver.name]}, room)
    direct = await mo.create_room(invite=[plein.user_id], is_direct=True)
    for where in (village, room, direct):
        await town.comes_to(mo, where)
    lacks = [
        "In Zaal heeft Plein macht 0 en is er 10 nodig om te reageren: zonder dat krijgt een stem",
        "In Zaal heeft Plein macht 0 en is er 20 nodig om een peiling te plaatsen: zonder dat komt er geen",
    ]
    useful = "In Zaal heeft Plein macht 0 en is er 50 nodig om weg te halen wat anderen zeggen:"

    async def told() -> str:
        """What Mo is answered, who asks in that room."""
        key = f"answer:matrix:{await mo.say(room, '!gemeenschap richt in')}"

        async def look() -> str | None:
            said = [message for place in (room, direct) for message in shown(await mo.history(place))]
            return next((message.body for message in said if message.key.startswith(key)), None)

        return await mo.wait_until(look)

    answer = await told()
    assert all(line in answer for line in (*lacks, useful))
    assert "nog 3 dingen" in answer

    config = load(tmp_path / "config.toml", FEATURES, {"PLEIN_MATRIX_PASSWORD": PASSWORD})
    matrix = config.of(Matrix)
    assert matrix
    wrong, found, could = await check(matrix, grounds_on("matrix", config, range(2)))
    assert wrong is None
    assert [line[: len(start)] for line, start in zip(written(found[0]), lacks, strict=True)] == lacks
    assert [line[: len(useful)] for line in written(could[0])] == [useful]
    (space,) = written(found[1])
    assert space.startswith(f"Plein zit niet in de space {city}: zonder dat weet het niet welke kamers")
    assert plein.user_id in space

    # So is where themes were to get their rooms, where that is gone.
    homes = {0: Home("matrix", "matrix.home.space", village, "Dorp")}
    homes[1] = Home("matrix", "matrix.home.space", f"!weg:{homeserver.name}", "Oud")
    _, found, _ = await check(matrix, grounds_on("matrix", config, range(2)), homes)
    is_gone = {number: [line for line in found[number] if line.key == "home.gone"] for number in (0, 1)}
    assert [len(lines) for lines in is_gone.values()] == [0, 1]
    assert "Oud" in written(is_gone[1])[0]

    # As `plein check` says it, each under its community’s name; what is only useful is said too.
    said: list[Text] = []
    assert not await plein_check(config, said.append)
    lines = written(said)
    assert [line for line in lines if line.startswith("Stad: ")] == [f"Stad: {space}"]
    assert sum(line.startswith("Dorp: In Zaal heeft Plein macht 0") for line in lines) == 3

    # What was given is lacking no more.
    levels = await mo.state(room, "m.room.power_levels")
    assert levels
    await mo.send_state(
        room, "m.room.power_levels", {**levels, "users": {**levels["users"], plein.user_id: 50}}
    )
    async with asyncio.timeout(120):
        while "Plein mist niets bij Dorp" not in await told():
            pass
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])
