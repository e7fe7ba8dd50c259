"""Drawing who chairs a meeting and who takes its notes, and the file with which anybody repeats it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta

from bot import lot
from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.feature import Files, Write
from bot.features.meetings.draw.records import TURNS, Duty
from bot.features.meetings.find import ALL, check_not_cancelled, check_own, find_running, is_ahead, usage
from bot.features.meetings.records import MEETINGS, PLACES, Meeting
from bot.features.meetings.records import SUBJECT as MEETING
from bot.features.meetings.telling import ALOUD, mention, talk, whisper
from bot.lot import listing
from bot.lot.listing import Listed
from bot.model.message import Attachment, Button, Message, Text, message, text
from bot.model.people import Resident

DRAW, REPEAT = "meeting draw", "meeting draw-file"
SUBJECT = "turns"
MOST_DRAWN, DAY = 10, timedelta(days=1)


def draw_meeting(
    call: Call, meeting: int | None = None, *, duty: Duty | None = None, sure: bool = False
) -> Message:
    """Draw who chairs and who takes notes, or one of these, among those who come."""
    found = find_running(call, meeting)
    check_own(call, found)
    check_not_cancelled(found)
    call.check_writes(found.theme)
    if not is_ahead(call, found):
        raise UserError("turn.over", title=found.title, start=found.starts_at)
    duties = [duty] if duty else [*Duty]
    held = call.tx.of(TURNS).holders(found.theme, found.id)
    if again := {each: held[each] for each in duties if each in held}:
        _check_sure(found, again, duty, sure=sure)
    others = {who for other, who in held.items() if other not in duties}
    people = _coming(call, found, others, {*held.values()})
    if not people:
        key = "turn.nobody.else" if others else "turn.nobody"
        raise UserError(key, title=found.title, usage=usage(call, "meeting who", {"meeting": found.id}))
    if (count := call.used(DRAW, DAY)) >= MOST_DRAWN:
        raise UserError("turn.often", count=count)
    call.use(DRAW, within=DAY)
    return _draw(call, found, duties, people)


def _check_sure(meeting: Meeting, held: Mapping[Duty, int], duty: Duty | None, *, sure: bool) -> None:
    """Raises: Unsure where somebody does that already."""
    if sure:
        return
    who = tuple(text(f"turn.{each}", who=Resident(holder, "")) for each, holder in held.items())
    args = {"meeting": meeting.id, **({"duty": str(duty)} if duty else {})}
    raise Unsure(text("turn.again", title=meeting.title, who=who), yes(**args, sure=True)).openly()


def _coming(
    call: Call, meeting: Meeting, but: Collection[int], named: Collection[int]
) -> Sequence[tuple[Resident, bool]]:
    """Those who have a place there, have an account, are in the theme and may be drawn there; and whether
    others may see that they come, or saw it where they were drawn and `named`.
    """
    answers = [each for each in call.tx.of(MEETINGS).answers(meeting.id, ALL) if each.seat in PLACES]
    out = {*but, *call.belongings.undrawn(call.tx, meeting.theme)}
    seen = {
        each.resident: each.shown or each.resident in named
        for each in answers
        if each.resident and each.resident not in out
    }
    parts = call.tx.people.parts_of(list(seen))
    return [
        (Resident(who, ""), shown)
        for who, shown in seen.items()
        if any(part.theme == meeting.theme for part in parts.get(who, ()))
    ]


def _draw(
    call: Call, meeting: Meeting, duties: Sequence[Duty], people: Sequence[tuple[Resident, bool]]
) -> Message:
    kept = call.tx.of(TURNS)
    seen = {who.id for who, shown in people if shown}
    everybody = listing.listed(call.tx, [who for who, _ in people], kept.turns(meeting.theme))
    listed = _in_order(everybody, seen, call.now.astimezone(UTC).date())
    entrants, number = [each.entrant for each in listed], lot.new_secret()
    drawn = lot.drawn_by(number, entrants, min(len(duties), len(listed)))
    turns = dict(zip(duties, drawn, strict=False))
    unseen = {place for place, each in enumerate(listed, start=1) if each.who and each.who.id not in seen}
    published = [_published(each, place in drawn, seen) for place, each in enumerate(listed, start=1)]
    code = lot.code_of(lot.seal_of(number), entrants)
    draw = kept.add(*(meeting.theme, meeting.id, call.resident.id, number, code, call.now), published, turns)
    file = Button(text("theme.button.draw_file"), REPEAT, {"drawn": draw})
    title = text("turn.title", title=meeting.title, start=meeting.starts_at)
    said = message(
        *_who(published, turns),
        *_how(published, number, drawn, unseen),
        text("theme.draw.sealed.list", code=code),
        text("theme.draw.check"),
        text("turn.cannot"),
        title=title,
        buttons=[file],
    )
    whose = {duty: published[place - 1] for duty, place in turns.items()}
    _say(call, meeting, f"{MEETING}:{meeting.id}:drawn:{draw}", said, whose)
    left = [] if len(drawn) == len(duties) else [text(f"turn.left.{duties[-1]}")]
    return message(text("turn.receipt", who=tuple(_who(published, turns))), *left)


def _in_order(listed: Sequence[Listed], seen: Collection[int], day: date) -> Sequence[Listed]:
    """Who may be seen to come, and behind them the others: nothing in the list tells who these are."""
    shown = [each for each in listed if each.who and each.who.id in seen]
    others = {each.entrant.hashed: each.who for each in listed if each not in shown}
    hidden = [each.entrant for each in listed if each not in shown]
    behind = lot.unseen(hidden, day)
    return [*shown, *(Listed(others[each.hashed], each) for each in behind)]


def _published(each: Listed, drawn: bool, seen: Collection[int]) -> Listed:
    """As everybody may see it: that somebody comes is theirs to show, but where it is their turn."""
    if drawn or (each.who and each.who.id in seen):
        return each
    return replace(each, entrant=replace(each.entrant, name=None, salt=None))


def _who(listed: Sequence[Listed], turns: Mapping[Duty, int]) -> list[Text]:
    return [text(f"turn.{duty}", who=listed[place - 1].who) for duty, place in turns.items()]


def _how(listed: Sequence[Listed], number: str, drawn: Sequence[int], unseen: Collection[int]) -> list[Text]:
    """The list; and for each turn among whom it was, and how its number means them."""
    shown = [each if each.entrant.name else replace(each, who=None) for each in listed]
    entrants = [each.entrant for each in shown]
    lines = [text("turn.list"), *listing.lines(shown, unseen)]
    for turn in range(1, len(drawn) + 1):
        among = lot.first_in_line(entrants, drawn[: turn - 1])
        own = lot.number_of(number, turn)
        said = (
            text("theme.draw.number", number=own) if turn == 1 else text("turn.next", number=own, turn=turn)
        )
        lines += [listing.among(shown, among, unseen), said, listing.rest(own, len(among))]
    return lines


def _say(call: Call, meeting: Meeting, key: str, said: Message, drawn: Mapping[Duty, Listed]) -> None:
    """In the theme; whoever was drawn hears so in private where they talk there, else by a mention in it."""
    people = {
        each.who.id: duty for duty, each in drawn.items() if each.who and each.who.id != call.resident.id
    }
    talking = talk(call, meeting, people)
    for who in sorted(talking):
        theirs = message(text(f"turn.you.{people[who]}", title=meeting.title, start=meeting.starts_at))
        whisper(call, meeting, [who], theirs, key, otherwise=ALOUD)
    mention(call, meeting, [who for who in people if who not in talking], said, key, everywhere=True)


# --- repeating it ---


def give_file(call: Call, drawn: int) -> Message:
    """All that was published of a draw, as a file with which anybody can repeat it."""
    found = call.tx.of(TURNS).get(drawn)
    if found is None or not call.takes_part(found.theme):
        raise UserError("theme.draw.gone")
    meeting = call.tx.of(MEETINGS).get(found.meeting)
    assert meeting
    words = text("turn.file", title=meeting.title)
    return message(text("theme.draw.file.how"), files=[Attachment(f"{SUBJECT}:{found.id}", "json", words)])


def make_file(call: Call, subject: str, _write: Write) -> Callable[[], bytes]:
    """What `plein draw --check` reads."""
    found = call.tx.of(TURNS).get(int(subject))
    assert found, f"there is no draw {subject}"
    meeting = call.tx.of(MEETINGS).get(found.meeting)
    entrants = [each.entrant for each in found.listed]
    drawn, seal = tuple(found.turns.values()), lot.seal_of(found.number)
    name = meeting.title if meeting else ""
    published = lot.Published(name, seal, found.number, entrants, found.code, drawn, hides=True)
    return lambda: lot.written(published).encode()


def may_have(call: Call, subject: str, resident: int) -> bool:
    """Whether somebody takes part where that was drawn."""
    found = call.tx.of(TURNS).get(int(subject))
    return found is not None and call.part_of(resident, found.theme) is not None


FILES = Files({"json": make_file}, may_have)
