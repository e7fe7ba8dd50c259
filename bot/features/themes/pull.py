"""Pulling a theme: whoever wants to needs a yes of somebody who pulls it, or of a moderator."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.themes import held
from bot.features.themes.records import THEMES, Held, Involvement, Request, board_of
from bot.features.themes.which import check_not_archived, meant_open, themes_for
from bot.model.message import Button, Message, message, text
from bot.model.people import Resident, Role, Theme
from bot.model.work import Job
from bot.ports.storage import Transaction

AGREE = "theme agree"
LAPSE = "theme.pull"
# How long a request can be agreed to, and how many requests somebody can make in a day.
LIVES, DAY = timedelta(days=30), timedelta(days=1)
MOST_ASKED = 5
_ASKING = "theme pull"
AT_ONCE = datetime.fromtimestamp(0, UTC)


def pull_theme(call: Call, theme: Theme | None = None) -> Message:
    """Say that they want to pull a theme; a moderator does from then on."""
    found = meant_open(call, theme)
    check_not_put_out(call, found)
    kept = call.tx.of(THEMES)
    kept.hold(found.id)
    if kept.of(call.resident.id).get(found.id) is Involvement.PULLS:
        return message(text("theme.pull.already", theme=found.name))
    if call.may(Role.MODERATOR, found.id):
        _let(call, found, call.resident)
        return message(text("theme.pull.done", theme=found.name))
    if not call.takes_part(found.id):
        raise UserError("theme.pull.enter", theme=found.name)
    who = pullers(call, [found.id]).get(found.id, ())
    needed = text("theme.pull.by_pullers", who=tuple(who)) if who else text("theme.pull.by_moderators")
    if _requests_by(call.tx, call.resident.id, found.id):
        return message(text("theme.pull.waits", theme=found.name), needed)
    call.check_writes(found.id)
    if (count := call.used(_ASKING, DAY)) >= MOST_ASKED:
        raise UserError("theme.pull.often", count=count)
    call.use(_ASKING, within=DAY)
    _ask(call, found, tell_moderators=not who)
    return message(text("theme.pull.asked", theme=found.name), needed)


def agree_to_pull(call: Call, pull: int) -> Message:
    """Somebody who asked for it pulls a theme from now on."""
    kept = call.tx.of(THEMES)
    found = kept.request(pull)
    theme = next(iter(themes_for(call, [found.theme if found else 0])), None)
    if theme is None:
        raise UserError("theme.pull.over")
    kept.hold(theme.id)
    found = kept.request(pull)
    if found is None:
        raise UserError("theme.pull.over")
    if not may_agree(call, theme.id):
        raise UserError("theme.pull.not_you", theme=theme.name)
    check_not_archived(call, theme)
    if not is_there(call, found.resident, theme.id):
        _drop(call, found, theme.name)
        return message(text("theme.pull.left", who=found.resident, theme=theme.name))
    _let(call, theme, found.resident)
    if found.resident.id != call.resident.id:
        said = text("theme.pull.granted", theme=theme.name, by=call.resident)
        call.tell(found.resident, message(said), f"{_key(found)}:yes", theme=theme.id)
    return message(text("theme.pull.agreed", who=found.resident, theme=theme.name))


def check_not_put_out(call: Call, theme: Theme) -> None:
    """Who was put out of a theme's channel or room by hand comes in by no word of their own.

    Raises: UserError.
    """
    if call.tx.guests.is_put_out(theme.id, call.resident.id):
        raise UserError("theme.put_out", theme=theme.name)


def lapse_due(call: Call, job: Job) -> None:
    """Nobody said yes in all that time."""
    found = call.tx.of(THEMES).request(int(job.subject))
    if found is None:
        return
    theme = next(iter(call.tx.places.themes([found.theme])), None)
    if theme is None:
        _forget(call, found)
        return
    _drop(call, found, theme.name)
    said = message(text("theme.pull.lapsed", theme=theme.name))
    call.tell(found.resident, said, f"{_key(found)}:lapsed", theme=theme.id)


def may_agree(call: Call, theme: int) -> bool:
    """Whether they can say yes to somebody who wants to pull a theme that they may see."""
    return (pulls(call, theme) and call.takes_part(theme)) or call.may(Role.MODERATOR, theme)


def pulls(call: Call, theme: int) -> bool:
    """Whether they pull it, and nobody put them out of it."""
    mine = call.tx.of(THEMES).of(call.resident.id).get(theme)
    return mine is Involvement.PULLS and not call.tx.guests.is_put_out(theme, call.resident.id)


def pullers(call: Call, themes: Collection[int]) -> Mapping[int, Sequence[Resident]]:
    """Who pulls each of them. Whoever was put out of it since, or left it on their platform, does not."""
    pulling = call.tx.of(THEMES).pulling(themes)
    there = {
        theme: [who for who in people if is_there(call, who, theme)] for theme, people in pulling.items()
    }
    return {theme: people for theme, people in there.items() if people}


def is_there(call: Call, who: Resident, theme: int) -> bool:
    """As was said last. Who moderates the community has to do with every theme, and one that was opened in it
    is for all who are in one of the community's own.
    """
    tx = call.tx
    if tx.guests.is_put_out(theme, who.id):
        return False
    if who.role >= Role.MODERATOR:
        return True
    if not tx.places.opened([theme]):
        return bool(tx.people.parts(who.id, theme))
    return any(call.is_own(used) for _, used, _ in tx.people.parts(who.id))


# --- what waits for a yes ---


def _ask(call: Call, theme: Theme, *, tell_moderators: bool) -> None:
    number = call.tx.of(THEMES).ask(theme.id, call.resident.id, call.now)
    request = Request(number, theme.id, call.resident)
    said = text("theme.pull.wants", who=call.resident, theme=theme.name)
    yes = Button(text("theme.button.yes"), AGREE, {"pull": number}, style="primary")
    asked = message(said, text("theme.pull.who_says"), buttons=[yes])
    call.announce(theme.id, asked, _key(request))
    call.schedule(LAPSE, str(number), call.now + LIVES)
    if tell_moderators:
        call.tell_moderators(theme.id, message(said, buttons=[yes]), _key(request))


def _let(call: Call, theme: Theme, who: Resident) -> None:
    """They pull it from now on."""
    call.tx.of(THEMES).involve(theme.id, who.id, Involvement.PULLS, call.now)
    held.begin(call, theme.id, who.id, Held.PULLS)
    call.let_in(theme.id, who, inside=True)
    call.changed(board_of(theme.id))
    for request in _requests_by(call.tx, who.id, theme.id):
        _forget(call, request)
        now = message(text("theme.pull.now", who=who, theme=theme.name))
        _say_instead(call, request, now)


def take_back(call: Call, theme: Theme) -> bool:
    """They do not want to pull it any more; whether they asked for it."""
    requests = _requests_by(call.tx, call.resident.id, theme.id)
    for request in requests:
        _drop(call, request, theme.name)
    return bool(requests)


def _drop(call: Call, request: Request, name: str) -> None:
    _forget(call, request)
    _say_instead(call, request, message(text("theme.pull.dropped", who=request.resident, theme=name)))


def _say_instead(call: Call, request: Request, said: Message) -> None:
    """In what stands where it was asked."""
    for key in _keys(call.tx, request):
        call.change_post(key, said)


def _forget(call: Call, request: Request) -> None:
    call.tx.of(THEMES).drop(request.id)
    call.unschedule(f"{LAPSE}:{request.id}")


def forget_requests(tx: Transaction, resident: int) -> None:
    """What they asked for stands nowhere any more, and waits for nobody."""
    for request in tx.of(THEMES).requests_by(resident):
        tx.jobs.remove(f"{LAPSE}:{request.id}")
        for key in _keys(tx, request):
            tx.posts.withdraw(key, AT_ONCE)


def _requests_by(tx: Transaction, resident: int, theme: int) -> Sequence[Request]:
    return [request for request in tx.of(THEMES).requests_by(resident) if request.theme == theme]


def _key(request: Request) -> str:
    return f"theme:pull:{request.id}"


def _keys(tx: Transaction, request: Request) -> Sequence[str]:
    """Of what was said in the places of the theme."""
    places = tx.places.of_theme(request.theme)
    return [f"{_key(request)}:{place.platform}:{place.room_id}" for place in places]
