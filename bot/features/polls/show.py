"""How a poll looks: its board, what came out, and what a voter hears."""

from __future__ import annotations

from typing import Any

from bot.call import Call
from bot.features.polls.forms import ballot_form
from bot.features.polls.kinds import DATE_WORDS, METHODS, Count, example, how_to, option_text
from bot.features.polls.ranking import Ranking
from bot.features.polls.records import POLLS, SUBJECT, UNREADABLE, Choices, Kind, Plan, Poll, Reason, Results
from bot.features.polls.steered import trace_of_end
from bot.model.message import Button, Message, NativePoll, Text, message, text, typed
from bot.ports.storage import Transaction

BAR = 10
# Where a press of an option's button, or a reaction that stands for it, is a whole answer or its next part.
PRESSED = (Kind.CHOICE, Kind.APPROVAL, Kind.RANKED, Kind.DATES)
# So many reasons fit on a board; all of them are in what `poll show` answers.
REASONS_SHOWN = 10
_DATE_MARKS = {mark: name for name, mark in DATE_WORDS.items()}
_WITHDRAW, _CHANGE = text("poll.button.withdraw"), text("poll.button.change")


# --- the count --------------------------------------------------------------------


def count_of(tx: Transaction, poll: Poll) -> Count:
    """Every ballot counted anew, from how often each was cast."""
    return METHODS[poll.kind].count(poll, tx.of(POLLS).ballots(poll), tx.offload)


def shown_count(tx: Transaction, poll: Poll, mine: Choices = ()) -> Count | None:
    """The count, where it may be seen: by everybody, or by somebody who voted `mine`.

    Of an anonymous poll never what so few chose that it tells what each of them did.
    """
    if not is_shown(poll, mine):
        return None
    count = count_of(tx, poll)
    return None if count.people < poll.floor else count


def is_shown(poll: Poll, mine: Choices = ()) -> bool:
    """Whether it is time for the count: for everybody, or for somebody who voted `mine`."""
    if poll.state != "open":
        return poll.state == "closed"
    return not poll.anonymous and (
        poll.results is Results.LIVE or (poll.results is Results.VOTED and bool(mine))
    )


def bar(parts: tuple[int, ...], most: int) -> str:
    """A bar of ten blocks for the longest, the others in proportion; its pieces in shades.

    It stands before the words and is as wide as any other, so that bars line up on every screen.
    """
    ends = [round(BAR * sum(parts[: number + 1]) / most) if most else 0 for number in range(len(parts))]
    pieces = [end - start for start, end in zip((0, *ends), ends, strict=False)]
    return "".join(block * piece for block, piece in zip("█▓", pieces, strict=False)) + "░" * (BAR - ends[-1])


def option_lines(poll: Poll, count: Count | None) -> list[Text]:
    """A line for each option: with what it got, or without where that is not to be seen yet."""
    options = [(number, option_text(poll, number)) for number in range(1, len(poll.options) + 1)]
    if count is None:
        return [text("poll.line.hidden", number=number, option=option) for number, option in options]
    most = max(count.totals)
    return [
        text(
            f"poll.line.{_told_as(poll, parts)}",
            bar=bar(parts, most),
            number=number,
            option=option,
            **figures(poll, count, number),
        )
        for (number, option), parts in zip(options, count.parts, strict=True)
    ]


def in_words(poll: Poll, count: Count) -> tuple[Text, ...]:
    """The same without bars, for who reads them with their ears."""
    return tuple(
        text("poll.picture.option", option=option_text(poll, number), shown=at_its_end(poll, count, number))
        for number in range(1, len(poll.options) + 1)
    )


def at_its_end(poll: Plan, count: Count, option: int) -> Text:
    """What stands at the end of a bar in a picture."""
    told_as = _told_as(poll, count.parts[option - 1])
    return text(f"poll.bar.{told_as}", **figures(poll, count, option))


def _told_as(poll: Plan, parts: tuple[int, ...]) -> str:
    """By which words what an option got is told: of a date only the marks that somebody gave."""
    if poll.kind is not Kind.DATES or all(parts):
        return str(poll.kind)
    yes, need = parts
    return f"{poll.kind}.yes" if yes else f"{poll.kind}.if_need_be" if need else f"{poll.kind}.nobody"


def figures(poll: Plan, count: Count, option: int) -> dict[str, int | float]:
    """What an option got, by the names that texts and exports use."""
    parts = count.parts[option - 1]
    match poll.kind:
        case Kind.SCORE:
            mean = round(parts[0] / count.people, 1) if count.people else 0.0
            return {"count": parts[0], "mean": mean}
        case Kind.DATES:
            return {"count": parts[0], "need": parts[1]}
        case Kind.RANKED:
            return {"count": parts[0], "duels": len(poll.options) - 1}
        case _:
            return {"count": parts[0]}


# --- what came out -------------------------------------------------------------------


def result(poll: Poll, count: Count | None) -> list[Text]:
    """What came out, in sentences. A tie is called a tie, and a lack of people a lack.

    Where the count of a poll that is closed may not be seen, that there is no result, and why.
    """
    if count is None:
        return _no_result(poll)
    lines = []
    if poll.quorum > count.people:
        lines.append(text("poll.result.no_quorum", count=count.people, quorum=poll.quorum))
    lines += _came_out(poll, count)
    if poll.anonymous and count.alike:
        lines.append(text("poll.result.alike"))
    return lines


def _no_result(poll: Poll) -> list[Text]:
    if not poll.voters:
        return [text("poll.result.none")]
    few = text("poll.result.few", floor=poll.floor)
    return [few] if poll.voters < poll.floor else [few, text("poll.result.few.unreadable")]


def _came_out(poll: Poll, count: Count) -> list[Text]:
    if poll.kind is Kind.CONSENT and count.people:
        return [_consent(count)]
    first = count.first
    if not first:
        return [text("poll.result.nothing" if count.people else "poll.result.none")]
    names = tuple(option_text(poll, option) for option in first)
    values: dict[str, Any] = dict(figures(poll, count, first[0]))
    if poll.kind is Kind.DATES:
        values = {"marks": _marks(*count.parts[first[0] - 1])}
    if len(first) > 1:
        tie = text(f"poll.result.{_family(poll)}.tie", options=names, **values)
        return [tie, _why_level(count.ranking, first, names)] if count.ranking else [tie]
    won = text(f"poll.result.{_family(poll)}.one", option=names[0], **values)
    return [won, _why(poll, count)] if count.ranking and len(poll.options) > 1 else [won]


def _marks(count: int, need: int) -> tuple[Text, ...]:
    """How often each mark was given to a date; one that nobody gave is not worth a word."""
    given = (text("poll.marks.yes", count=count), text("poll.marks.if_need_be", count=need))
    return tuple(mark for mark in given if mark.values["count"])


def _family(poll: Poll) -> str:
    return "choice" if poll.kind is Kind.APPROVAL else str(poll.kind)


def _consent(count: Count) -> Text:
    agree, _, object_ = count.totals
    if object_:
        return text("poll.result.consent.objections", count=object_)
    if agree:
        return text("poll.result.consent.given", count=agree)
    return text("poll.result.consent.nobody")


def _why(poll: Poll, count: Count) -> Text:
    """What decided between the first and the nearest other, in the figures of Schulze's method."""
    ranking = count.ranking
    assert ranking
    me = count.first[0] - 1
    others = [other for other in range(len(poll.options)) if other != me]
    table = ranking.duels if ranking.wins_every_duel(me + 1) else ranking.ways
    nearest = min(others, key=lambda other: table[me][other] - table[other][me])
    return text(
        "poll.why.duels" if table is ranking.duels else "poll.why.ways",
        option=option_text(poll, me + 1),
        other=option_text(poll, nearest + 1),
        mine=table[me][nearest],
        theirs=table[nearest][me],
    )


def _why_level(ranking: Ranking, first: Choices, names: tuple[Text, ...]) -> Text:
    """Why they are level, which nobody would think who sees that one of them wins more duels."""
    loses = any(ranking.loses_a_duel(option) for option in first)
    return text("poll.why.level.circle" if loses else "poll.why.level.unbeaten", options=names)


# --- the board ------------------------------------------------------------------------


def show_board(call: Call, subject: str) -> Message | None:
    """The poll as everybody sees it."""
    found = call.tx.of(POLLS).get(int(subject), 0)
    if not found or found[0].state == "planned":
        return None
    return card(call.tx, found[0])


def card(tx: Transaction, poll: Poll, mine: Choices = (), *, private: bool = False) -> Message:
    """A poll with its count, or without where whoever voted `mine` is not to see that.

    `private`: for one person alone, who gets every reason.
    """
    count = shown_count(tx, poll, mine)
    lines = option_lines(poll, count)
    if poll.voters:
        lines.append(text("poll.board.people", count=poll.voters))
    elif poll.state == "open":
        lines.append(text("poll.board.nobody"))
    if count and poll.kind is Kind.CONSENT:
        lines += reasons(tx, poll, None if private else REASONS_SHOWN)
    if poll.state == "open":
        lines += _terms(poll)
        numbered = text("poll.reminder.how", poll=poll.id, how=how_to(poll))
        return message(
            *lines,
            _when_it_closes(poll),
            title=typed(poll.question),
            hints=[numbered if private else small_print(poll)],
            buttons=buttons(poll),
            native_poll=_native_poll(poll),
            form=ballot_form(poll),
        )
    came_out = result(poll, count) if poll.state == "closed" else []
    ended = text(f"poll.board.{poll.state}", ended=poll.ended_at or poll.closes_at)
    outcome = [text("poll.board.outcome", outcome=poll.outcome)] if poll.outcome else []
    if poll.state == "closed" and poll.unheard:
        came_out.append(not_heard(poll))
    lines += [*came_out, ended, *trace_of_end(tx, poll), *outcome]
    over = _native_poll(poll, (came_out or [ended])[0], count)
    return message(*lines, title=typed(poll.question), native_poll=over)


def small_print(poll: Poll) -> Text:
    """One line: how to vote where the board stands, now; the rest is behind help."""
    if poll.secret:
        return text("poll.board.how.discreet", poll=poll.id, how=how_to(poll))
    if poll.kind not in PRESSED:
        return text("poll.board.how", how=how_to(poll))
    kind = "several" if poll.kind is Kind.CHOICE and poll.at_most > 1 else poll.kind
    return text("poll.board.how", how=text(f"poll.press.{kind}", example=example(poll)))


def _when_it_closes(poll: Poll) -> Text:
    """With the number by which the poll is called."""
    if poll.unheard:
        platforms = _platforms(poll)
        return text("poll.board.waits", poll=poll.id, closes=poll.ends_at, platforms=platforms)
    return text("poll.board.number", poll=poll.id, closes=poll.closes_at)


def not_heard(poll: Poll) -> Text:
    """Where something was perhaps said in time that nobody heard."""
    return text("poll.closed.unheard", closes=poll.ends_at, platforms=_platforms(poll))


def _platforms(poll: Poll) -> tuple[Text, ...]:
    return tuple(typed(platform.capitalize()) for platform in (poll.unheard or "").split())


def _terms(poll: Poll) -> list[Text]:
    """What was settled before it opened, where that is not what people expect anyway."""
    lines = []
    if poll.kind in (Kind.CHOICE, Kind.APPROVAL) and 1 < poll.at_most < len(poll.options):
        lines.append(text("poll.board.at_most", count=poll.at_most))
    if poll.quorum:
        lines.append(text("poll.board.quorum", count=poll.quorum))
    if poll.who != "everyone":
        lines.append(text(f"poll.board.who.{poll.who}"))
    if poll.anonymous:
        lines.append(text("poll.board.anonymous"))
    if poll.floor > 1:
        lines.append(text("poll.board.floor", floor=poll.floor))
    elif poll.results is not Results.LIVE:
        lines.append(text(f"poll.board.results.{poll.results}"))
    return lines


def reason_line(reason: str) -> Text:
    """Why somebody objects, as it stands on the board and under the result."""
    return text("poll.board.reason", reason=reason)


def unsay(tx: Transaction, poll: int, reason: Reason) -> None:
    """It stands nowhere any more, neither where many read it nor in what somebody was answered."""
    # Before each was kept by itself, those of who was several people stood together.
    parts = () if reason.account else reason.words.split(" / ")
    for words in {reason.words, *parts}:
        line = reason_line(words)
        tx.posts.unsay(line, f"{SUBJECT}:{poll}:")
        tx.handled.unsay(line)
        tx.boards.unsay(line, f"{SUBJECT}:{poll}")


def outcome_lines(outcome: str) -> list[Text]:
    """What says it, wherever that is."""
    return [text(key, outcome=outcome) for key in ("poll.outcome", "poll.board.outcome", "poll.review")]


def reasons(tx: Transaction, poll: Poll, most: int | None = None) -> list[Text]:
    """Why people object, in their own words and without their names; all of it, or where to find the rest."""
    given = list(tx.of(POLLS).reasons(poll))
    lines = [*map(reason_line, given[:most])]
    if most is not None and len(given) > most:
        lines.append(text("poll.board.more_reasons", count=len(given) - most, poll=poll.id))
    return lines


def buttons(poll: Poll) -> tuple[Button, ...]:
    """One for each option, by the number that stands before it.

    Where a press adds up (a score, a mark that goes round) there is no switch.
    """
    switch = None if poll.kind in (Kind.SCORE, Kind.DATES) else "on"
    return tuple(
        Button(
            option_text(poll, number),
            "poll tick",
            {"poll": poll.id, "option": number},
            switch=switch,
            numbered=True,
        )
        for number in range(1, len(poll.options) + 1)
    )


def _native_poll(poll: Poll, ended: Text | None = None, came_out: Count | None = None) -> NativePoll | None:
    """For platforms where options can be ticked and sent off together."""
    if not METHODS[poll.kind].by_numbers:
        return None
    options = tuple(typed(option) for option in poll.options)
    return NativePoll(
        typed(poll.question),
        options,
        poll.at_most,
        "poll choose",
        {"poll": poll.id},
        ended=ended,
        secret=poll.secret,
        until=poll.closes_at,
        counts=came_out.totals if came_out else (),
        closing=None if ended else "poll close",
    )


# --- what a voter hears -----------------------------------------------------------------


def chosen(poll: Plan, choices: Choices) -> tuple[Text, ...]:
    """A ballot in words."""
    match poll.kind:
        case Kind.SCORE:
            return tuple(
                text("poll.chosen.score", option=option_text(poll, number), score=score)
                for number, score in enumerate(choices, start=1)
            )
        case Kind.DATES:
            return tuple(
                text(f"poll.chosen.date.{_DATE_MARKS[mark]}", option=option_text(poll, number))
                for number, mark in enumerate(choices, start=1)
            )
        case Kind.RANKED:
            return tuple(
                text("poll.chosen.rank", rank=rank, option=option_text(poll, number))
                for rank, number in enumerate(choices, start=1)
            )
        case _:
            return tuple(option_text(poll, number) for number in choices)


def _changed(poll: Poll, before: Choices, after: Choices) -> list[Text]:
    """What they chose at first, and what they choose now: a line for each mark or order."""
    question, was, now = poll.question, chosen(poll, before), chosen(poll, after)
    match poll.kind:
        case Kind.DATES | Kind.SCORE if before != UNREADABLE:
            lines = [
                mark if mark == earlier else text("poll.receipt.was", now=mark, before=_mark(poll, old))
                for mark, earlier, old in zip(now, was, before, strict=True)
            ]
            return [text("poll.receipt.changed.each", question=question), *lines]
        case Kind.RANKED:
            return [
                text("poll.receipt.changed.order", question=question),
                text("poll.receipt.before", options=was),
                text("poll.receipt.now", options=now),
            ]
        case _:
            return [text("poll.receipt.changed", question=question, before=was, options=now)]


def _mark(poll: Plan, mark: int) -> Text:
    """What was said of one option, by itself."""
    return typed(str(mark)) if poll.kind is Kind.SCORE else text(f"poll.before.{_DATE_MARKS[mark]}")


def receipt(
    tx: Transaction, poll: Poll, before: Choices, after: Choices, reason: str | None = None
) -> Message:
    """What now stands, for the voter alone."""
    question = poll.question
    if not after:
        key = "poll.receipt.withdrawn" if before else "poll.receipt.nothing"
        return message(text(key, question=question))
    if poll.anonymous:
        # What was chosen would be kept with the answer, and could be read there afterwards.
        lines = [text("poll.receipt.anonymous", question=question)]
    elif before and before != after:
        lines = _changed(poll, before, after)
    elif poll.kind is Kind.DATES:
        lines = [text("poll.receipt.each", question=question), *chosen(poll, after)]
    else:
        lines = [text("poll.receipt.voted", question=question, options=chosen(poll, after))]
    if reason and not poll.anonymous:
        lines.append(text("poll.board.reason", reason=reason))
    if poll.kind is Kind.RANKED and len(after) < len(poll.options) and not poll.anonymous:
        left = tuple(option_text(poll, n) for n in range(1, len(poll.options) + 1) if n not in after)
        lines.append(text("poll.receipt.unranked", options=left))
    lines.append(text("poll.receipt.until", closes=poll.ends_at))
    if poll.results is Results.VOTED and is_shown(poll, after):
        lines += option_lines(poll, count_of(tx, poll))
    this = {"poll": poll.id}
    withdraw, change = Button(_WITHDRAW, "poll withdraw", this), Button(_CHANGE, "poll show", this)
    return message(*lines, buttons=(withdraw, change))
