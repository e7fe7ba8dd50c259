"""Forms: a ballot that needs more than one press, asked for where a platform can ask for it.

They are `poll vote` with its answer in parts; what comes of it is read like anything that was typed.
"""

from __future__ import annotations

from dataclasses import replace

from bot.features.polls.kinds import BEST_SCORE, DATE_WORDS, NO, OBJECT, YES, example, option_text
from bot.features.polls.records import LONGEST_REASON, UNREADABLE, Choices, Kind, Poll
from bot.model.message import Button, Field, Form, Text, text, typed

ASKED = (Kind.SCORE, Kind.RANKED, Kind.DATES)
CHOSEN = (Kind.CHOICE, Kind.APPROVAL)
# So many options can each have a field of their own.
MOST_FIELDS = 5
_SCORES = tuple((str(score), typed(str(score))) for score in range(BEST_SCORE + 1))
_MARKS = tuple((name, text(f"poll.mark.{name}")) for name in DATE_WORDS)


def ballot_form(poll: Poll, mine: Choices = ()) -> Form | None:
    """Asks for a whole ballot, with what somebody chose in it already; None where a press is enough.

    In an anonymous poll it stays empty: what is answered is kept, and could be read there afterwards.
    """
    if poll.state != "open" or poll.kind not in ASKED:
        return None
    return _ballot(poll, () if poll.anonymous or mine == UNREADABLE else mine)


def whole_form(poll: Poll, mine: Choices = ()) -> Form | None:
    """Asks for a whole ballot where one press of an option is not all of it; None where it is."""
    if poll.kind in ASKED or (poll.kind in CHOSEN and poll.at_most > 1):
        return replace(_ballot(poll, () if poll.anonymous or mine == UNREADABLE else mine), at_once=True)
    return None


def _ballot(poll: Poll, mine: Choices) -> Form:
    title = text(f"poll.form.{_family(poll)}")
    again = _again(poll, 1)
    return Form(title, "poll vote", {"poll": poll.id}, _fields(poll, mine), lines=_lines(poll), again=again)


def _again(poll: Poll, option: int) -> Button | None:
    """The press that opens it, where the answer that it comes with is not kept."""
    if not poll.anonymous:
        return None
    return Button(text("poll.button.change"), "poll tick", {"poll": poll.id, "option": option})


def reason_form(poll: Poll, given: str = "") -> Form:
    """Asks why somebody objects, and nothing else."""
    label, hint = text("poll.form.reason"), text("poll.form.reason.hint")
    most = LONGEST_REASON if poll.anonymous else None
    # Of what was too long in secret only so much is kept: by its length others would know who objects.
    given = given[:most]
    field = Field("answer", label, hint, given, long=True, most=most)
    args = {"poll": poll.id, "answer": str(OBJECT)}
    again = _again(poll, OBJECT)
    return Form(text("poll.form.object"), "poll vote", args, (field,), at_once=not given, again=again)


def answer_form(poll: Poll, answer: str, read: Choices) -> Form | None:
    """Asks again for an answer that was not right, with what can be kept of it; `read` is what was."""
    if poll.kind is Kind.CONSENT:
        return reason_form(poll, answer.partition(" ")[2]) if read == (OBJECT,) else None
    form = ballot_form(poll)
    if form is None or len(form.fields) > 1:
        return form
    return replace(form, fields=(replace(form.fields[0], value=answer),))


def _family(poll: Poll) -> Kind:
    """Where several may be chosen, that is asked for in one way."""
    return Kind.APPROVAL if poll.kind in CHOSEN else poll.kind


def _by_numbers(poll: Poll) -> bool:
    """Whether the whole ballot goes into one field."""
    return poll.kind in (*CHOSEN, Kind.RANKED) or len(poll.options) > MOST_FIELDS


def _lines(poll: Poll) -> tuple[Text, ...]:
    """Which number is which option, where those are asked for."""
    if not _by_numbers(poll):
        return ()
    return tuple(
        text("poll.line.hidden", number=number, option=option_text(poll, number))
        for number in range(1, len(poll.options) + 1)
    )


def _fields(poll: Poll, mine: Choices) -> tuple[Field, ...]:
    if _by_numbers(poll):
        family = _family(poll)
        how = {"example": "1 2" if family is Kind.APPROVAL else example(poll), "best": BEST_SCORE}
        label, hint = text(f"poll.form.{family}.label"), text(f"poll.form.{family}.hint", **how)
        return (Field("answer", label, hint, _in_numbers(poll, mine)),)
    choices = _MARKS if poll.kind is Kind.DATES else _SCORES
    names = {mark: name for name, mark in DATE_WORDS.items()}
    values = [names[mark] if poll.kind is Kind.DATES else str(mark) for mark in mine]
    return tuple(
        Field("answer", option_text(poll, number), value=value, choices=choices)
        for number, value in enumerate(values or [""] * len(poll.options), start=1)
    )


def _in_numbers(poll: Poll, mine: Choices) -> str:
    """A ballot as it can be typed in any language; "if need be" cannot."""
    if poll.kind is not Kind.DATES:
        return " ".join(map(str, mine))
    if not set(mine) <= {YES, NO}:
        return ""
    return " ".join(str(number) for number, mark in enumerate(mine, start=1) if mark == YES)
