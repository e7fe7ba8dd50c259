"""Forms: a ballot that needs more than one press, asked for where a platform can ask for it.

They are `poll vote` with its answer in parts; what comes of it is read like anything that was typed.
"""

from __future__ import annotations

from dataclasses import replace

from bot.features.polls.kinds import BEST_SCORE, DATE_WORDS, NO, OBJECT, example, option_text
from bot.features.polls.records import LONGEST_REASON, UNREADABLE, Choices, Kind, Poll
from bot.model.message import Button, Field, Form, Text, text, typed

ASKED = (Kind.SCORE, Kind.RANKED, Kind.DATES)
CHOSEN = (Kind.CHOICE, Kind.APPROVAL)
# So many options can each have a field of their own.
MOST_FIELDS = 5
_SCORES = tuple((str(score), typed(str(score))) for score in range(BEST_SCORE + 1))
_DATE_MARKS = tuple((name, text(f"poll.mark.{name}")) for name in DATE_WORDS)


def ballot_form(poll: Poll, mine: Choices = ()) -> Form | None:
    """Asks for a whole ballot, with what somebody chose in it already; None where a press is enough.

    Whoever opens it finds what they chose themselves: many see the same board.
    """
    if poll.state != "open" or poll.kind not in ASKED:
        return None
    again = Button(text("poll.button.change"), "poll fill", {"poll": poll.id})
    return replace(_ballot(poll, mine), again=again)


def whole_form(poll: Poll, mine: Choices = ()) -> Form | None:
    """Asks for a whole ballot where one press of an option is not all of it; None where it is."""
    if poll.kind in ASKED or (poll.kind in CHOSEN and poll.at_most > 1):
        return replace(_ballot(poll, mine), at_once=True)
    return None


def _ballot(poll: Poll, mine: Choices) -> Form:
    """In an anonymous poll it is empty: what is answered is kept, and could be read there afterwards."""
    title, args = text(f"poll.form.{_family(poll)}"), {"poll": poll.id}
    fields = _fields(poll, () if poll.anonymous or mine == UNREADABLE else mine)
    lines = _lines(poll)
    if poll.anonymous and mine:
        lines = (text("poll.form.blank"), *lines)
    return Form(title, "poll vote", args, fields, lines=lines, again=_again(poll, "poll fill"))


def _again(poll: Poll, command: str, **args: int) -> Button | None:
    """What opens it anew, where the answer that it comes with is not kept."""
    if not poll.anonymous:
        return None
    return Button(text("poll.button.change"), command, {"poll": poll.id, **args})


def reason_form(poll: Poll, given: str = "") -> Form:
    """Asks why somebody objects, and nothing else."""
    label, hint = text("poll.form.reason"), text("poll.form.reason.hint")
    most = LONGEST_REASON if poll.anonymous else None
    # Of what was too long in secret only so much is kept: by its length others would know who objects.
    given = given[:most]
    field = Field("answer", label, hint, given, long=True, most=most)
    args = {"poll": poll.id, "answer": str(OBJECT)}
    again = _again(poll, "poll tick", option=OBJECT)
    return Form(text("poll.form.object"), "poll vote", args, (field,), at_once=not given, again=again)


def answer_form(poll: Poll, answer: str, read: Choices) -> Form | None:
    """Asks again for an answer that was not right, with what can be kept of it; `read` is what was."""
    if poll.kind is Kind.CONSENT:
        return reason_form(poll, answer.partition(" ")[2]) if read == (OBJECT,) else None
    if poll.state != "open" or poll.kind not in ASKED:
        return None
    form = _ballot(poll, ())
    if len(form.fields) > 1:
        return form
    return replace(form, fields=(replace(form.fields[0], value=answer),))


def _family(poll: Poll) -> Kind:
    """Where several may be chosen, that is asked for in one way."""
    return Kind.APPROVAL if poll.kind in CHOSEN else poll.kind


# --- its fields: lists to pick from wherever these are enough -----------------------


def _fields(poll: Poll, mine: Choices) -> tuple[Field, ...]:
    match _family(poll):
        case Kind.APPROVAL:
            return (_list(poll, text("poll.form.approval.label"), mine, poll.at_most),)
        case Kind.RANKED if len(poll.options) <= MOST_FIELDS:
            return tuple(
                _list(poll, text("poll.form.ranked.place", rank=rank), mine[rank - 1 : rank])
                for rank in range(1, len(poll.options) + 1)
            )
        case Kind.RANKED:
            label, hint = text("poll.form.ranked.label"), text("poll.form.ranked.hint", example=example(poll))
            return (Field("answer", label, hint, " ".join(map(str, mine))),)
        case _ if len(poll.options) <= MOST_FIELDS:
            return _one_each(poll, mine)
        case _:
            return _one_a_mark(poll, mine)


def _lines(poll: Poll) -> tuple[Text, ...]:
    """Which number is which option, where those are typed."""
    if poll.kind is not Kind.RANKED or len(poll.options) <= MOST_FIELDS:
        return ()
    return tuple(
        text("poll.line.hidden", number=number, option=option_text(poll, number))
        for number in range(1, len(poll.options) + 1)
    )


def _list(poll: Poll, label: Text, mine: Choices, picked: int = 1) -> Field:
    """The options to pick from, by their numbers."""
    choices = tuple((str(number), option_text(poll, number)) for number in range(1, len(poll.options) + 1))
    return Field("answer", label, value=" ".join(map(str, mine)), choices=choices, picked=picked)


def _one_each(poll: Poll, mine: Choices) -> tuple[Field, ...]:
    """A field for each option, with the marks to pick from."""
    names, choices = _marks(poll)
    return tuple(
        Field("answer", option_text(poll, number), value=value, choices=choices)
        for number, value in enumerate([names[mark] for mark in mine] or [""] * len(poll.options), start=1)
    )


def _one_a_mark(poll: Poll, mine: Choices) -> tuple[Field, ...]:
    """A field for each mark but the least, with the options that get it to pick from: `1:5 3:5`."""
    names, _ = _marks(poll)
    numbers = range(1, len(poll.options) + 1)
    fields: list[Field] = []
    for mark in sorted(set(names) - {NO}, reverse=True):
        choices = tuple((f"{number}:{names[mark]}", option_text(poll, number)) for number in numbers)
        label = text("poll.form.score.mark", score=mark)
        if poll.kind is Kind.DATES:
            label = text(f"poll.form.dates.mark.{names[mark]}")
        rest = None if fields else text(f"poll.form.{poll.kind}.rest")
        value = " ".join(choices[at][0] for at, given in enumerate(mine) if given == mark)
        fields.append(Field("answer", label, rest, value, choices, required=False, picked=len(poll.options)))
    return tuple(fields)


def _marks(poll: Poll) -> tuple[dict[int, str], tuple[tuple[str, Text], ...]]:
    """The name of each mark that an option can get, and those to pick from with their words."""
    if poll.kind is Kind.DATES:
        return {mark: name for name, mark in DATE_WORDS.items()}, _DATE_MARKS
    return {score: str(score) for score in range(BEST_SCORE + 1)}, _SCORES
