"""What a moderator does by hand with the room of a theme is followed and said within a minute: as soon as the
homeserver tells of it, for a Plein that never looks by itself follows it too.
"""

from __future__ import annotations

from pathlib import Path

from tests.adapters.matrix.test_guests import answered, is_now
from tests.adapters.matrix.test_moderators import has
from tests.adapters.matrix.test_new_rooms import CHILD, square
from tests.adapters.matrix.test_shaping import NAME, opened
from tests.adapters.matrix.test_upgraded import REPLACED, has_power
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.town import Town, board, numbers, says


async def test_what_is_done_by_hand_is_followed_without_looking(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Renamed, taken out of the space, somebody put out, upgraded, and Plein put out."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        mo, plein = town.mo, await town._account()
        old = await opened(town)
        await town.at.plein.kill()
        town.at.plein.module = "tests.doubles.at_once"
        await town.at.plein.start()
        eve = await homeserver.person(f"eve{next(numbers)}")
        direct = await eve.create_room(invite=[plein.user_id], is_direct=True)
        await Town(homeserver, town.at.plein).comes_to(eve, direct)
        await answered(eve, direct, "!mijn profiel", "")
        await eve.join(town.room)
        await eve.say(town.room, "!thema meedoen Verlichting")
        await is_now(town, old, eve, "invite")
        await eve.join(old)
        await has(town, old, mo, 50)
        await has_power(town, old, plein, mo.user_id, 150)

        await mo.send_state(old, NAME, {"name": "Buurtlicht"})
        await says(mo, old, "“Verlichting” heet voortaan “Buurtlicht”.", timeout=300)

        await mo.send_state(town.space, CHILD, {}, old)
        await says(mo, old, "haalde de plek van “Buurtlicht” op Matrix uit de space", timeout=300)

        await mo.kick(old, eve.user_id)
        await says(eve, direct, "Je bent uit het kanaal of de kamer van “Buurtlicht” gezet.", timeout=300)

        new = await mo.upgrade(old)
        await says(mo, new, REPLACED.replace("Verlichting", "Buurtlicht"), timeout=300)
        await board(mo, new, "Buurtlicht", "trekt dit thema.", timeout=300)

        await mo.kick(new, plein.user_id)
        await town.at.mo.told("De plek van “Buurtlicht” op Matrix is weg", timeout=300)
        assert await town.at.plein.stop() == 0
