"""Out of an encrypted room no word leaves before somebody said yes: Plein as it is run, on the homeserver."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.adapters.matrix.sealer import Sealer
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import numbers

SEALED = {"algorithm": "m.megolm.v1.aes-sha2"}


@pytest.mark.long
async def test_no_word_leaves_before_a_yes(homeserver: Homeserver, tmp_path: Path) -> None:
    anna = await homeserver.person(f"anna{next(numbers)}")
    here, there = [await anna.create_room(public=True) for _ in range(2)]
    await anna.send_state(here, "m.room.topic", {"topic": "Over sport"})
    more = f"""
[relay]
on = true

[[themes]]
name = "sport"
places = ["matrix:{here}", "matrix:{there}"]

[[residents]]
name = "Anna"
role = "moderator"
accounts = ["matrix:{anna.user_id}"]
"""
    plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", more=more)

    async def says(room: str, words: str) -> None:
        await anna.wait_for(room, lambda event: event["sender"] == plein.user_id and words in str(event))

    async def is_in(room: str) -> bool:
        return (await anna.members(room)).get(plein.user_id) == "join"

    async def seal(words: str) -> None:
        content = {"msgtype": "m.text", "body": words}
        await sealer.seal(there, {"type": "m.room.message", "content": content})

    for room in (here, there):
        levels = await anna.state(room, "m.room.power_levels") or {}
        users = {**levels["users"], plein.user_id: 50}
        await anna.send_state(room, "m.room.power_levels", {**levels, "users": users})
        await anna.wait_until(partial(is_in, room))
    await anna.say(here, "!brug aan")
    await says(there, "Vanaf nu staat wat je hier zegt ook in")
    await anna.wait_for(here, lambda event: event["type"] == "m.room.topic" and "Brug" in str(event))
    await anna.say(there, "voor iedereen")
    await says(here, "voor iedereen")

    await anna.send_state(there, "m.room.encryption", SEALED)
    sealer = await Sealer.of(homeserver, anna, tmp_path)
    await seal("onder ons")
    await anna.say(there, "ook onder ons")
    await anna.say(here, "van buiten")
    await anna.wait_for(
        here, lambda event: event["type"] == "m.room.topic" and "Brug" not in str(event["content"])
    )
    await anna.say(here, "!brug aan")
    await says(here, "is versleuteld")
    await anna.say(here, "!brug aan --versleuteld")
    await anna.wait_for(
        there, lambda event: event["sender"] == plein.user_id and event["type"] == "m.room.encrypted"
    )
    await seal("nu wel")
    await says(here, "nu wel")
    assert "onder ons" not in str(await anna.history(here))
    await sealer.close()
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])
