"""Which channel or room is a theme's: bound, taken from it, or made anew where there is none any more."""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.themes.records import OPENINGS, THEMES, board_of
from bot.features.themes.rename import check_manages, managed, opened, room_on
from bot.features.themes.show import unmade
from bot.features.themes.which import check_not_archived, meant
from bot.model.homes import RoomState
from bot.model.message import Button, Message, message, text, typed
from bot.model.people import Place, Role, Theme
from bot.model.work import Job
from bot.platforms import called
from bot.themes import keep

BIND, UNBIND, MAKE = "theme bind", "theme unbind", "theme make"
# So often somebody who does not moderate can take one from a theme, and have one made, in a month.
MOST, MONTH = 5, timedelta(days=30)


def bind_place(call: Call, theme: Theme) -> Message:
    """Have this channel or room be a theme's: what is shown of it is shown here too."""
    place, here = call.place, call.theme_here
    if place is None or here is None:
        raise UserError("theme.bind.where")
    wanted = opened(call, meant(call, theme))
    call.tx.of(THEMES).hold(wanted.id)
    check_not_archived(call, wanted)
    if here.id == wanted.id:
        return message(text("theme.bind.already", theme=wanted.name))
    _check_may_bind(call, here, place)
    there = room_on(call, wanted.id, place.platform)
    if there and there.room:
        raise UserError("theme.bind.has_one", theme=wanted.name, platform=called(place.platform))
    seen = call.look_at(place)
    if seen.is_voice:
        raise UserError("theme.bind.voice")
    call.bind_room(wanted, place, _about(call, wanted))
    call.changed(board_of(wanted.id))
    lines = [text("theme.bound", theme=wanted.name)]
    if seen.is_encrypted:
        lines.append(text("theme.bind.encrypted"))
    return message(*lines)


def _check_may_bind(call: Call, here: Theme, place: Place) -> None:
    """Raises: UserError where they do not look after this place, or it is something else's already.

    To a place of their own anybody invites whom they like, who would all take part in the theme.
    """
    if not call.moderates:
        raise UserError("theme.bind.not_you")
    if call.tx.places.named_as(place) is not None:
        raise UserError("theme.bind.listed", theme=here.name)
    if call.tx.of(OPENINGS).by_theme(here.id) is not None:
        raise UserError("theme.bind.elsewhere", theme=_name(call, here))
    if standing := call.belongings.standing(call.tx, here.id):
        raise UserError("theme.bind.open", standing=tuple(standing))


def unbind_place(call: Call, theme: Theme | None = None, *, platform: str | None = None) -> Message:
    """Have a channel or room be a theme's no more."""
    found = opened(call, meant(call, theme))
    call.tx.of(THEMES).hold(found.id)
    state = _which(call, found, platform)
    assert state.room is not None
    place = Place(state.platform, state.room)
    here = call.place == place and call.may(Role.MODERATOR, found.id)
    if not here:
        check_manages(call, found)
    if call.tx.places.named_as(place) is not None:
        raise UserError("theme.bind.listed", theme=found.name)
    is_there = call.tx.places.served_by(place) is not None
    if is_there and (standing := call.belongings.standing(call.tx, found.id)):
        raise UserError("theme.unbind.open", theme=found.name, standing=tuple(standing))
    _count(call, found, UNBIND, "theme.unbind.often")
    call.tx.wanted.give_up(found.id, state.platform, call.now)
    if is_there:
        call.post(place, message(text("theme.unbound.here", theme=found.name)), f"theme:unbound:{call.id}")
    call.tx.places.detach(place)
    call.changed(board_of(found.id))
    said = text("theme.unbound", theme=found.name, platform=called(state.platform))
    return message(said, text("theme.unbound.next", theme=found.name), buttons=[_make_button(found)])


def make_places(call: Call, theme: Theme | None = None) -> Message:
    """Have a channel or room made anew where a theme has none any more."""
    found = managed(call, theme)
    if not call.homes:
        raise UserError("theme.propose.no_home")
    there = {state.platform for state in call.tx.wanted.of(found.id) if not state.gone}
    missing = [platform for platform in call.homes if platform not in there]
    if not missing:
        return message(text("theme.make.none", theme=found.name))
    lacks = unmade(call, missing)
    _count(call, found, MAKE, "theme.make.often")
    call.want_rooms(found, _about(call, found), missing)
    homes = tuple(call.homes[platform].called for platform in missing)
    return message(text("theme.make.soon", theme=found.name, homes=homes), *lacks)


def _count(call: Call, theme: Theme, what: str, often: str) -> None:
    """Raises: UserError where somebody who does not moderate did that too often."""
    if call.may(Role.MODERATOR, theme.id):
        return
    if (count := call.used(what, MONTH)) >= MOST:
        raise UserError(often, count=count)
    call.use(what, within=MONTH)


def removed_due(call: Call, job: Job) -> None:
    """A channel or room is no more, or Plein was put out of it: that is said in what is left of the theme."""
    number, _, platform = job.subject.partition(":")
    found = call.tx.of(OPENINGS).by_theme(int(number))
    state = room_on(call, int(number), platform)
    if found is None or state is None or not state.gone:
        return
    theme = Theme(int(number), found.name)
    said = text("theme.place_gone", theme=theme.name, platform=called(platform))
    lost = message(said, text("theme.unbound.next", theme=theme.name), buttons=[_make_button(theme)])
    call.announce(theme.id, lost, f"theme:{theme.id}:gone:{job.id}", instead_of=f"theme:{theme.id}:gone:")
    for moderator in call.tx.people.moderators_of(theme.id):
        if moderator.role >= Role.MODERATOR:
            key = f"theme:{theme.id}:gone:{job.id}:{moderator.id}"
            call.tell(moderator, lost, key, role=Role.MODERATOR)


# --- which one is meant ---


def _which(call: Call, theme: Theme, platform: str | None) -> RoomState:
    """Its place on that platform; where none is named, the one where this is said, or else the only one."""
    there = [state for state in call.tx.wanted.of(theme.id) if state.room]
    if not there:
        raise UserError("theme.unbind.none", theme=theme.name)
    if platform is not None:
        for state in there:
            if platform.strip().casefold() in (state.platform, called(state.platform).casefold()):
                return state
        known = tuple(typed(called(state.platform)) for state in there)
        raise UserError("theme.unbind.not_there", theme=theme.name, known=known)
    for state in there:
        if call.place == Place(state.platform, str(state.room)):
            return state
    if len(there) > 1:
        choices = [
            (typed(called(state.platform)), {"theme": keep(theme), "platform": state.platform})
            for state in there
        ]
        raise Unsure(text("theme.unbind.which", theme=theme.name), choices)
    return there[0]


def _about(call: Call, theme: Theme) -> str:
    found = call.tx.of(OPENINGS).by_theme(theme.id)
    return found.about if found else ""


def _name(call: Call, theme: Theme) -> str:
    found = call.tx.of(OPENINGS).by_theme(theme.id)
    return found.name if found else theme.name


def _make_button(theme: Theme) -> Button:
    return Button(text("theme.button.make"), MAKE, {"theme": keep(theme)})
