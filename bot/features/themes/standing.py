"""What newcomers are offered: said to them, or standing pinned where nobody tells Plein that they came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.call import Call
from bot.model.message import OF_COMMUNITY, Button, Message, message, text, typed
from bot.model.people import Place, Theme
from bot.ports.storage import Transaction
from bot.themes import keep

SUBJECT = "welcome"
# So many themes are offered.
OFFERED = 8


def open_themes(tx: Transaction) -> Mapping[int, str]:
    """Those that were opened from the chat and not archived since, each with its name."""
    closed = tx.places.closed()
    return {theme: name for theme, name in tx.places.opened().items() if theme not in closed}


def offered(themes: Mapping[int, str], matching: Collection[int]) -> Sequence[Theme]:
    """Those that match first, then the newest."""
    order = sorted(themes, key=lambda theme: (theme not in matching, -theme))
    return [Theme(theme, themes[theme]) for theme in order[:OFFERED]]


def said(themes: Sequence[Theme], *, pinned: bool = False) -> Message:
    """The welcome, with these to press."""
    buttons = [
        Button(typed(theme.name), "theme take-part", {"theme": keep(theme)}, theme=OF_COMMUNITY)
        for theme in themes
    ]
    lines = (text("welcome.who"), text("welcome.how"))
    return message(*lines, title=text("welcome.title"), buttons=buttons, pinned=pinned)


def stand(call: Call, place: Place) -> None:
    """From now on it stands there, as soon as there is anything to offer."""
    call.tx.kept.put("", f"{_prefix(call)}{place.platform}:{place.room_id}", "")
    _show(call, place)


def stand_anew(call: Call) -> None:
    """There are other themes now, or they are called otherwise. Where a place is the community's own no more,
    what stands there is left as it is.
    """
    if not (standing := call.tx.kept.all("", _prefix(call))):
        return
    own = call.own_themes()
    for name in standing:
        platform, _, room = name.removeprefix(_prefix(call)).partition(":")
        place = Place(platform, room)
        if (here := call.tx.places.known(place)) and here[0].id in own:
            _show(call, place)
            call.changed(_subject(place))
        else:
            call.tx.kept.drop("", name)
            call.tx.boards.drop(_subject(place), place)


def show_standing(call: Call, subject: str) -> Message | None:
    """The welcome as it stands, whoever reads it."""
    themes = open_themes(call.tx)
    return said(offered(themes, ()), pinned=True) if themes else None


def _show(call: Call, place: Place) -> None:
    here = call.tx.places.known(place)
    if here is None or not call.homes or not open_themes(call.tx):
        return
    call.tx.boards.open(_subject(place), here[0].id, [place], None, call.now)


def _subject(place: Place) -> str:
    return f"{SUBJECT}:{place.platform}:{place.room_id}"


def _prefix(call: Call) -> str:
    return f"welcoming {call.tx.community} "
