"""Newcomers: whoever comes into a place of the community is welcomed once, there, with its themes to press.

All who come within an hour are welcomed by one message, however many they are. Where no home for themes
was chosen, or none was opened yet, there is nothing to welcome anybody with. Who comes into the space itself
is welcomed in the first of its places; where nobody tells Plein who came the welcome stands pinned as well
(`standing.py`), and who says their first word to Plein came then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.call import Call
from bot.features.themes.digest import is_about
from bot.features.themes.records import DIGESTS, WELCOMES
from bot.features.themes.standing import offered, open_themes, said, stand
from bot.model.events import Came
from bot.model.people import Place, Resident
from bot.model.work import Job, key_in

# One message is for all who come within that time; then nothing need say any more when it was said.
WITHIN, OVER = timedelta(hours=1), "welcome.over"
_NOTE = "welcome "


def welcome(call: Call, came: Came) -> None:
    """Say it where they came in; or in private to who talks with Plein there already."""
    place = _entered(call, came.place)
    if place is None:
        return
    if came.unseen:
        stand(call, place)
    if not (call.homes and came.people and (themes := open_themes(call.tx))):
        return
    aloud = False
    for account in call.tx.of(WELCOMES).first(came.people, call.now):
        resident = call.tx.people.by_identity(account)
        if resident is not None and _uses(call, resident):
            continue
        if resident is not None and call.tx.people.talking([resident.id]):
            _tell(call, resident, themes)
        elif came.privately:
            # Nobody knows yet what concerns them.
            call.post(account, said(offered(themes, ())), f"welcome:{account.address}")
        else:
            aloud = True
    if aloud and _is_due(call, place):
        key = f"welcome:{place.platform}:{place.room_id}:{call.now.isoformat()}"
        call.post(place, said(offered(themes, ())), key)


def _entered(call: Call, place: Place) -> Place | None:
    """Where they can be told something: there, or, of the space itself, in its first place that is no theme's
    of those that were opened; None where it is no place of the community's own.
    """
    known, own = call.tx.places.known(place), call.own_themes()
    if known is not None:
        return place if known[0].id in own else None
    home = call.homes.get(place.platform)
    if home is None or home.ref != place.room_id:
        return None
    opened = open_themes(call.tx)
    for theme in sorted(own, key=lambda theme: (theme in opened, theme)):
        for found in call.tx.places.of_theme(theme):
            if found.platform == place.platform:
                return found
    return None


def _uses(call: Call, resident: Resident) -> bool:
    """Whether they use Plein in the community already, and know it."""
    own, parts = call.own_themes(), call.tx.people.parts_of([resident.id]).get(resident.id, ())
    return any(part.used_at and part.theme in own for part in parts)


def _tell(call: Call, resident: Resident, themes: Mapping[int, str]) -> None:
    concerns = call.belongings.concerns(call.tx, [resident.id]).get(resident.id, ())
    about = call.tx.of(DIGESTS).opened(list(themes))
    matching = [theme for theme, words in about.items() if is_about(" ".join(words), concerns)]
    call.tell(resident, said(offered(themes, matching)), f"welcome:{resident.id}", begun=True)


def over_due(call: Call, job: Job) -> None:
    """Nothing need say any more when somebody was welcomed there."""
    for name, at in call.tx.kept.all("", _NOTE).items():
        if call.now >= datetime.fromisoformat(at) + WITHIN:
            call.tx.kept.drop("", name)


def _is_due(call: Call, place: Place) -> bool:
    """Whether nobody was welcomed there within the hour; from now on somebody was."""
    assert call.tx.community
    name = key_in(call.tx.community, f"{_NOTE}{place.platform}:{place.room_id}")
    before = call.tx.kept.get("", name)
    if before and call.now < datetime.fromisoformat(before) + WITHIN:
        return False
    call.tx.kept.put("", name, call.now.isoformat())
    call.schedule(OVER, "", call.now + WITHIN)
    return True
