"""Newcomers: whoever comes into a place of the community is welcomed once, there, with its themes to press.

All who come within an hour are welcomed by one message, however many they are. Where no home for themes
was chosen, or none was opened yet, there is nothing to welcome anybody with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.call import Call
from bot.features.themes.digest import is_about
from bot.features.themes.records import DIGESTS, WELCOMES
from bot.features.themes.which import keep
from bot.model.events import Came
from bot.model.message import OF_COMMUNITY, Button, Message, message, text, typed
from bot.model.people import Resident, Theme
from bot.model.work import key_in

# One message is for all who come within that time; so many themes are offered.
WITHIN, OFFERED = timedelta(hours=1), 8


def welcome(call: Call, came: Came) -> None:
    """Say it where they came in; or in private to who talks with Plein there already."""
    here = call.tx.places.known(came.place)
    if here is None or not call.homes or here[0].id not in call.own_themes():
        return
    closed = call.tx.places.closed()
    themes = {theme: name for theme, name in call.tx.places.opened().items() if theme not in closed}
    if not themes:
        return
    new = call.tx.of(WELCOMES).first(came.people, call.now)
    aloud = False
    for account in new:
        resident = call.tx.people.by_identity(account)
        if resident is not None and _uses(call, resident):
            continue
        if resident is not None and call.tx.people.talking([resident.id]):
            _tell(call, resident, themes)
        else:
            aloud = True
    if aloud and _is_due(call, came):
        call.post(came.place, _said(_offered(themes, ())), f"welcome:{_where(came)}:{call.now.isoformat()}")


def _uses(call: Call, resident: Resident) -> bool:
    """Whether they use Plein in the community already, and know it."""
    own, parts = call.own_themes(), call.tx.people.parts_of([resident.id]).get(resident.id, ())
    return any(part.used_at and part.theme in own for part in parts)


def _tell(call: Call, resident: Resident, themes: Mapping[int, str]) -> None:
    concerns = call.belongings.concerns(call.tx, [resident.id]).get(resident.id, ())
    about = call.tx.of(DIGESTS).opened(list(themes))
    matching = [theme for theme, words in about.items() if is_about(" ".join(words), concerns)]
    said = _said(_offered(themes, matching))
    call.tell(resident, said, f"welcome:{resident.id}", begun=True)


def _offered(themes: Mapping[int, str], matching: Sequence[int]) -> Sequence[Theme]:
    """Those that match first, then the newest."""
    order = sorted(themes, key=lambda theme: (theme not in matching, -theme))
    return [Theme(theme, themes[theme]) for theme in order[:OFFERED]]


def _said(themes: Sequence[Theme]) -> Message:
    buttons = [
        Button(typed(theme.name), "theme take-part", {"theme": keep(theme)}, theme=OF_COMMUNITY)
        for theme in themes
    ]
    lines = (text("welcome.who"), text("welcome.how"))
    return message(*lines, title=text("welcome.title"), buttons=buttons)


def _is_due(call: Call, came: Came) -> bool:
    """Whether nobody was welcomed there within the hour; from now on somebody was."""
    assert call.tx.community
    name = key_in(call.tx.community, f"welcome {_where(came)}")
    said = call.tx.kept.get("", name)
    if said and call.now < datetime.fromisoformat(said) + WITHIN:
        return False
    call.tx.kept.put("", name, call.now.isoformat())
    return True


def _where(came: Came) -> str:
    return f"{came.place.platform}:{came.place.room_id}"
