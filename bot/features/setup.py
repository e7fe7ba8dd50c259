"""Setting a community up where it is: what Plein lacks there, and a home for its themes.

In that these get their channels or rooms. It is chosen among what is there, or made, which is asked first.
What was made and not kept, because something fell over in between, is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.call import Call
from bot.commands.declare import Command
from bot.errors import Choice, Unsure, UserError, yes
from bot.feature import Feature
from bot.model.homes import Home, Housing, Option
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Identity, Role
from bot.platforms import called
from bot.unseen import has_unseen, seen_as

SETUP = "community setup"
# So many things that are lacking are told: with some of them mended, the others are.
MOST_LACKS = 15
# So many of what is there have a button, on each platform; the others are chosen by their name.
MOST_OFFERED = 5
SHORTEST, LONGEST = 2, 60
# Between what is to be made and how it is to be called.
NAMED = "="


def set_up(call: Call, home: str | None = None, *, sure: bool = False) -> Message:
    """Say what is lacking, and what to choose from; or choose, or make, a home for the themes."""
    if not call.moderates:
        raise UserError("community.moderators")
    if home is None:
        return _overview(call)
    housings = call.housings()
    if (known := _there(call, housings, home)) is not None:
        call.settle_in(known.home)
        return message(*_told(known, "home.kept"))
    wanted, name = _to_be_made(call, housings, home)
    if wanted.lacks:
        raise UserError("home.cannot", home=_as_named(wanted, name).called, why=wanted.lacks)
    if not sure:
        raise Unsure(text("home.sure", home=_as_named(wanted, name).called), yes(sure=True))
    made = call.make_home(wanted, name, _who_looks_after(call, made_on=wanted.home.platform))
    call.settle_in(made)
    return message(text("home.made", home=made.called, platform=called(made.platform)))


# --- what there is to say ---


def _overview(call: Call) -> Message:
    lines, buttons = list(_lacking(call)), list[Button]()
    for housing in call.housings():
        said, offered = _housed(call, housing)
        lines += said
        buttons += offered
    hints = []
    if call.homes or buttons:
        example = call.commands.texts.find("home.example", call.locale)
        usage = call.commands.usage(call.commands.by_path[SETUP], call.locale, {"home": example})
        hints.append(text("home.how", usage=usage))
    return message(*lines, hints=hints, buttons=buttons)


def _lacking(call: Call) -> Iterable[Text]:
    found, name = call.inspect(), call.settings.name
    if not found:
        return [text("community.complete", name=name)]
    # Whoever moderates one room need not know which others there are.
    lines = [lack.line for lack in found if _is_everywhere(call) or lack.place in (None, call.place)]
    said = [text("community.lacks", name=name, count=len(lines))] if lines else []
    said += lines[:MOST_LACKS]
    if len(lines) > MOST_LACKS:
        said.append(text("community.more", count=len(lines) - MOST_LACKS))
    if elsewhere := len(found) - len(lines):
        said.append(text("community.elsewhere", count=elsewhere, name=name))
    return said


def _housed(call: Call, housing: Housing) -> tuple[Sequence[Text], Sequence[Button]]:
    """How it is on one platform, and what can be pressed there."""
    platform, chosen = called(housing.platform), call.homes.get(housing.platform)
    if housing.options is None:
        return [text("home.silent", platform=platform)], []
    still = next((option for option in housing.options if chosen and option.home.ref == chosen.ref), None)
    if still:
        return _told(still, "home.is"), []
    lines = [
        text("home.gone", home=chosen.called, platform=platform)
        if chosen
        else text("home.none", platform=platform)
    ]
    there = [option for option in _seen_by(call, [housing]) if not option.is_new]
    new = [option for option in housing.options if option.is_new and _is_everywhere(call)]
    if not (there or new):
        lines.append(text("home.by_whom", name=call.settings.name))
    for option in new:
        if option.lacks and option.lacks not in lines:
            lines.append(option.lacks)
    # The one that is called as Plein would call it is chosen, not made anew.
    name = _usual_name(call)
    known = [option.home for option in there if _is_called(option.home, name)]
    taken = [(home.kind, home.within) for home in known]
    there.sort(key=lambda option: (option.home not in known, option.lacks is not None))
    choices = [_to_choose(option) for option in there[:MOST_OFFERED]]
    for option in new:
        if not option.lacks and (option.home.kind, option.home.within) not in taken:
            choices.append(_to_make(option, name))
    return lines, [Button(label, SETUP, args, style="primary") for label, args in choices]


def _told(known: Option, key: str) -> Sequence[Text]:
    said = text(key, home=known.home.called, platform=called(known.home.platform))
    return [said, *([known.lacks] if known.lacks else [])]


def _to_choose(option: Option) -> Choice:
    return text("home.button.choose", home=option.home.called), {"home": option.home.address}


def _to_make(option: Option, name: str) -> Choice:
    label = text("home.button.make", home=_as_named(option, name).called)
    return label, {"home": f"{option.home.address}{NAMED}{name}"}


# --- which one is meant ---


def _there(call: Call, housings: Sequence[Housing], given: str) -> Option | None:
    """What is there by that address, or by that name. Raises: Unsure where several are called so."""
    options = [option for option in _seen_by(call, housings) if not option.is_new]
    for option in options:
        if option.home.address == given:
            return option
    found = [option for option in options if _is_called(option.home, given)]
    if len(found) > 1:
        raise Unsure(text("home.which", name=given[:LONGEST]), [_to_choose(option) for option in found])
    return found[0] if found else None


def _to_be_made(call: Call, housings: Sequence[Housing], given: str) -> tuple[Option, str]:
    """What Plein is to make, and by which name. Raises: UserError, and Unsure where it could be several.

    Whoever moderates one room gets no more power by it, through what Plein may do everywhere.
    """
    if not _is_everywhere(call):
        raise UserError("home.by_whom", name=call.settings.name)
    new = [option for housing in housings for option in housing.options or () if option.is_new]
    address, _, name = given.partition(NAMED)
    for option in new:
        if option.home.address == address:
            return option, _checked(name)
    _refuse_address(housings, given)
    name = _checked(given)
    choices = [_to_make(option, name) for option in new if not option.lacks]
    if not choices:
        raise UserError("home.unknown", name=name)
    raise Unsure(
        text("home.make_which", name=name), [(label, {**args, "sure": True}) for label, args in choices]
    )


def _refuse_address(housings: Sequence[Housing], given: str) -> None:
    """A button of before, for something that is not there any more, or of which nothing is known just now."""
    for housing in housings:
        if given.startswith(f"{housing.platform}:"):
            silent = housing.options is None
            raise UserError("home.unmade" if silent else "home.over", platform=called(housing.platform))


def _seen_by(call: Call, housings: Iterable[Housing]) -> list[Option]:
    """Whoever moderates one room need not know what is hidden from others."""
    options = (option for housing in housings for option in housing.options or ())
    return [option for option in options if _is_everywhere(call) or not option.hidden]


def _is_called(home: Home, name: str) -> bool:
    """Whether people would say so: few keyboards have the apostrophe that a catalogue has."""
    return seen_as(home.name.replace("’", "'")) == seen_as(name.replace("’", "'"))


def _checked(name: str) -> str:
    """Raises: UserError where nothing can be called so."""
    name = " ".join(name.split())
    if not SHORTEST <= len(name) <= LONGEST or has_unseen(name):
        raise UserError("home.bad_name", least=SHORTEST, most=LONGEST)
    return name


def _as_named(option: Option, name: str) -> Home:
    home = option.home
    return Home(home.platform, home.kind, home.ref, name, home.within)


def _usual_name(call: Call) -> str:
    return call.commands.texts.find("home.name", call.settings.locale) or ""


def _is_everywhere(call: Call) -> bool:
    return call.resident.role >= Role.MODERATOR


def _who_looks_after(call: Call, *, made_on: str) -> Sequence[Identity]:
    """Their own accounts there; who has none leaves it to the moderators who have."""
    known = call.tx.people.known([call.resident.id]).get(call.resident.id)
    own = [account for account in (known.accounts if known else ()) if account.platform == made_on]
    return own or [who for who in call.tx.people.with_role(Role.MODERATOR) if who.platform == made_on]


FEATURE = Feature(name="setup", commands=(Command(SETUP, set_up),))
