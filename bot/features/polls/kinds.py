"""The kinds of polls: how an answer is read, what a press does, and how ballots are counted.

All of it is arithmetic on `Choices`. A kind is one row of the table at the end; to add one is to add
a row, its texts, and a member of `Kind`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Protocol, TypeVar

from bot.errors import Unsure, UserError
from bot.features.polls.ranking import Ranking, add_duels, decide, duels_of
from bot.features.polls.records import LONGEST_REASON, Ballots, Choices, Kind, Plan, shown_date
from bot.model.message import Text, text, typed
from bot.numerals import is_marked, number_in
from bot.unseen import seen_as

BEST_SCORE = 5
YES, IF_NEED_BE, NO = 2, 1, 0
AGREE, ABSTAIN, OBJECT = 1, 2, 3
# Words that stand for a mark, in the catalogues: `poll.word.yes` and so on.
DATE_WORDS = {"yes": YES, "if_need_be": IF_NEED_BE, "no": NO}
CONSENT_WORDS = {"agree": AGREE, "abstain": ABSTAIN, "object": OBJECT}
_BETWEEN_OPTIONS = re.compile(r"[|,;>\n]")
_QUOTED = ' .!"“”„«»'
# Words between options, or before one, that choose nothing.
BESIDE = {"and": 1, "beside": 1}
NUMBER_WORDS = {f"number.{number}": number for number in range(1, 11)}
# An option's number and its mark.
_PAIR = re.compile(r"(\d{1,3}):(\w{1,20})")
# Their options are no words that people typed.
_GIVEN = (Kind.CONSENT, Kind.DATES)
# Nobody names as many options.
MOST_WORDS = 200
# Words in a mark: "if need be".
_LONGEST_MARK = 3
_BETWEEN = re.compile(r"[\s,;>]+")
# What a typed word means to this kind: a mark, or None.
Meaning = Callable[[str, Mapping[str, int]], int | None]
T = TypeVar("T")
# So many different ballots take long enough that others should not wait for it.
MANY = 500


class Offload(Protocol):
    """Does some work, here or elsewhere, and gives its result."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Count:
    """What came out. `parts`: for each option the lengths of its bar's pieces, all in one measure.

    `order`: options from first to last, equal ones together; none where nobody voted. `alike`: all that
    voted chose the same.
    """

    people: int
    parts: tuple[tuple[int, ...], ...]
    order: tuple[Choices, ...]
    ranking: Ranking | None = None
    alike: bool = False

    @property
    def totals(self) -> tuple[int, ...]:
        return tuple(sum(part) for part in self.parts)

    @property
    def first(self) -> Choices:
        return self.order[0] if self.order else ()


@dataclass(frozen=True, slots=True)
class VotingMethod:
    """One kind of poll, as functions.

    `read` what was typed, `press` the button of an option (None: a press says too little, so the whole
    ballot is asked for). Ballots are counted in two steps: `add` sums up
    any part of them, `decide` says what comes of the sums of all. `by_numbers`: a ballot is the numbers of
    the options chosen, so that a platform's own poll can carry it.
    """

    read: Callable[[Plan, str, Meaning], Choices]
    press: Callable[[Plan, Choices, int, bool | None], Choices] | None
    add: Callable[[Plan, Ballots], list[int]]
    decide: Callable[[Plan, int, Sequence[int]], Count]
    by_numbers: bool = False

    def count(self, plan: Plan, pages: Iterable[Ballots], offload: Offload = lambda work: work()) -> Count:
        """What came out; a page that takes long is summed up by `offload`, which may do it elsewhere."""
        people, sums = 0, self.add(plan, ())
        different: set[Choices] = set()
        for page in pages:
            people += sum(times for _, times in page)
            if len(different) < 2:
                different.update(choices for choices, _ in page)
            add = partial(self.add, plan, page)
            more = offload(add) if len(page) > MANY else add()
            sums = [total + extra for total, extra in zip(sums, more, strict=True)]
        return replace(self.decide(plan, people, sums), alike=len(different) == 1)


# --- reading what was typed --------------------------------------------------


def read_chosen(plan: Plan, words: str, meaning: Meaning) -> Choices:
    """`2`, or `1 3` where several may be chosen; or the options' own words."""
    return check_chosen(plan, _named(plan, words, meaning))


def check_chosen(plan: Plan, numbers: Choices) -> Choices:
    """The options as a ballot. Raises: UserError for a number that is no option, or too many."""
    for number in numbers:
        _check_option(plan, number)
    choices = tuple(sorted(set(numbers)))
    if not choices:
        raise wrong(plan, "poll.vote.nothing")
    if len(choices) > plan.at_most:
        raise UserError("poll.vote.too_many", count=plan.at_most, chosen=len(choices))
    return choices


def read_ranks(plan: Plan, words: str, meaning: Meaning) -> Choices:
    """`3 1 2`: every option once, the best first; or the options' own words."""
    numbers = _named(plan, words, meaning)
    for number in numbers:
        _check_option(plan, number)
        if numbers.count(number) > 1:
            raise wrong(plan, "poll.vote.rank_twice", option=option_text(plan, number))
    missing = tuple(
        option_text(plan, option) for option in range(1, len(plan.options) + 1) if option not in numbers
    )
    if missing:
        raise wrong(plan, "poll.vote.rank_missing", options=missing, count=len(missing))
    return numbers


def read_scores(plan: Plan, words: str, meaning: Meaning) -> Choices:
    """`5 0 3`: a score for each option, in order; or `1:5 3:3`, for some of them."""
    some = _some(plan, words, lambda word: int(word) if word.isdecimal() else None)
    scores = some or tuple(_number(plan, word) for word in _answers(plan, words, meaning, {}))
    for score in scores:
        if not 0 <= score <= BEST_SCORE:
            raise wrong(plan, "poll.vote.score_range", number=score, best=BEST_SCORE)
    return _one_each(plan, scores)


def read_dates(plan: Plan, words: str, meaning: Meaning) -> Choices:
    """`ja nee misschien`: a word for each date, or `1:ja 3:misschien`; or the numbers of those that suit."""
    if some := _some(plan, words, lambda word: meaning(word, DATE_WORDS)):
        return some
    parts = [*_answers(plan, words, meaning, DATE_WORDS)]
    numbers = [number for part in parts if (number := number_in(part)) is not None]
    if numbers and len(numbers) == len(parts):
        for number in numbers:
            _check_option(plan, number)
        return tuple(YES if option in numbers else NO for option in range(1, len(plan.options) + 1))
    marks = []
    for part in parts:
        mark = meaning(part, DATE_WORDS)
        if mark is None:
            raise wrong(plan, "poll.vote.no_mark", words=part[:40])
        marks.append(mark)
    return _one_each(plan, tuple(marks))


def _some(plan: Plan, words: str, mark: Callable[[str], int | None]) -> Choices | None:
    """`1:5 3:3`: marks for some options, and the least for all others; None where it is anything else."""
    pairs = [_PAIR.fullmatch(part) for part in _split(words)[:MOST_WORDS]]
    found: dict[int, int] = {}
    for pair in pairs:
        value = mark(pair[2]) if pair else None
        if pair is None or value is None:
            return None
        _check_option(plan, number := int(pair[1]))
        if found.setdefault(number, value) != value:
            raise wrong(plan, "poll.vote.marked_twice", option=option_text(plan, number))
    return tuple(found.get(number, NO) for number in range(1, len(plan.options) + 1)) if found else None


def read_consent(plan: Plan, words: str, meaning: Meaning) -> Choices:
    """`akkoord`, `onthouding` or `bezwaar`; the reason comes behind it, and is read by `read_reason`."""
    word = words.split(None, 1)[0].rstrip(":,.;!") if words.split() else ""
    mark = meaning(word, CONSENT_WORDS)
    if mark is None:
        number = number_in(word)
        mark = number if number in (AGREE, ABSTAIN, OBJECT) else None
    if mark is None:
        raise wrong(plan, "poll.vote.no_mark", words=word[:40]) if word else wrong(plan, "poll.vote.nothing")
    return (mark,)


def read_reason(plan: Plan, words: str, choices: Choices) -> str | None:
    """Why somebody objects. Raises: UserError where that is missing, or there is one without objection."""
    if plan.kind is not Kind.CONSENT:
        return None
    reason = (words.split(None, 1)[1:] or [""])[0].strip(' :,"“”„«»\n')
    if choices != (OBJECT,):
        if reason:
            raise wrong(plan, "poll.reason.without")
        return None
    if not reason:
        raise wrong(plan, "poll.reason.missing")
    if len(reason) > LONGEST_REASON:
        raise UserError("poll.reason.long", count=len(reason), most=LONGEST_REASON)
    return reason


def wrong(plan: Plan, key: str, **values: object) -> UserError:
    """What is not right, and the right way to type it for this poll."""
    return UserError("poll.vote.wrong", problem=Text(key, values), how=how_to(plan))


def how_to(plan: Plan) -> Text:
    """How to answer, with an example that fits this poll."""
    if plan.kind is Kind.CHOICE and plan.at_most > 1:
        return text("poll.how.several", example=example(plan))
    return text(f"poll.how.{plan.kind}", example=example(plan), best=BEST_SCORE)


def example(plan: Plan) -> str:
    """An answer that fits the number of options, and how many may be chosen."""
    options = range(1, len(plan.options) + 1)
    match plan.kind:
        case Kind.SCORE:
            return " ".join(str((5, 0, 3, 4, 1, 2)[option % 6 - 1]) for option in options)
        case Kind.RANKED:
            return " ".join(_marked_number(plan, option) for option in (2, 1, *options[2:]))
        case Kind.APPROVAL | Kind.CHOICE if plan.at_most > 1:
            return " ".join(_marked_number(plan, option) for option in (1, 2))
        case _:
            return _marked_number(plan, 1)


def _marked_number(plan: Plan, number: int) -> str:
    """An option's number; with a mark where another option is called like that."""
    known, _ = _by_words(plan)
    return str(number) if known.get(str(number), number) == number else f"#{number}"


def option_text(plan: Plan, number: int) -> Text:
    """An option as people read it: as it was typed, a date, or a word of the catalogue's."""
    option = plan.options[number - 1]
    if plan.kind not in _GIVEN:
        return typed(option)
    if plan.kind is Kind.DATES:
        return text("poll.option.date", at=shown_date(option))
    return text(f"poll.option.{option}")


# --- options by their number or their own words --------------------------------


def _by_words(plan: Plan) -> tuple[Mapping[str, int], Mapping[str, Sequence[int]]]:
    """The number of each option by its own words, where people typed those; and how many words those that
    begin with a word have, the most first.
    """
    return _numbered(() if plan.kind in _GIVEN else plan.options)


def own_words(option: str) -> str:
    """An option as somebody types it, whatever marks stand around it: "Ja!" is "ja"."""
    seen = seen_as(option)
    return seen.strip(_QUOTED) or seen


@lru_cache(256)  # every vote asks, and few polls are open
def _numbered(options: tuple[str, ...]) -> tuple[Mapping[str, int], Mapping[str, Sequence[int]]]:
    known: dict[str, int] = {}
    for number, option in enumerate(options, start=1):
        own = own_words(option)
        if not is_marked(own):  # such a number is never an option's own words
            known.setdefault(own, number)
    lengths: dict[str, set[int]] = {}
    for own in known:
        words = own.split()
        lengths.setdefault(words[0], set()).add(len(words))
    return known, {first: sorted(several, reverse=True) for first, several in lengths.items()}


def _named(plan: Plan, words: str, meaning: Meaning) -> Choices:
    """The options that these words name. An option's own words mean that option, also where it is a number.

    Raises: Unsure where that would be another one than the number says.
    """
    known, _ = _by_words(plan)
    if (number := _plain_number(words)) and own_words(words) not in known:
        return (number,)  # as most votes are
    read = [*_pieces(plan, words, meaning)]
    by_words = tuple(number for own, numbers in read for number in (own or numbers))
    by_number = tuple(number for own, numbers in read for number in (numbers or own))
    if by_words == by_number or not _can_be(plan, by_number):
        return by_words
    if not _can_be(plan, by_words):
        return by_number
    choices = [
        (
            text("poll.vote.meant", options=tuple(option_text(plan, number) for number in numbers)),
            {"answer": " ".join(f"#{number}" for number in numbers)},
        )
        for numbers in (by_words, by_number)
    ]
    raise Unsure(text("poll.vote.either", words=" ".join(words.split())[:40]), choices)


def _can_be(plan: Plan, numbers: Choices) -> bool:
    """Whether these are options; and in an order, each of them once."""
    known = all(1 <= number <= len(plan.options) for number in numbers)
    return known and (plan.kind is not Kind.RANKED or len(set(numbers)) == len(numbers))


def _pieces(plan: Plan, words: str, meaning: Meaning) -> Iterator[tuple[Choices, Choices]]:
    """What each piece is by an option's own words, and what by its numbers; nothing where it is none."""
    known, _ = _by_words(plan)
    count, said = 0, words.strip().strip(_QUOTED)
    # An option's own words may look like several.
    for part in [said] if own_words(said) in known else _BETWEEN_OPTIONS.split(said):
        whole = known.get(own_words(part))
        left = [part] if whole else _split(part)
        count += len(left)
        if count > MOST_WORDS:
            raise wrong(plan, "poll.vote.no_number", words=part[:40])
        for piece, own in ((part, whole),) if whole else _options_in(plan, left):
            if own:
                yield (own,), _numbers(piece, meaning)
            elif number := _plain_number(piece) or meaning(piece, NUMBER_WORDS):
                yield (), (number,)
            elif not _is_beside(piece, meaning):
                yield (), (_number(plan, piece),)


def _numbers(words: str, meaning: Meaning) -> Choices:
    """The numbers that these words are, as somebody may call an option: "1, 2", "een en 2"."""
    found: list[int] = []
    for word in _split(words.replace("|", " ").strip(_QUOTED)):
        number = number_in(word) or meaning(word, NUMBER_WORDS)
        if number is None and not _is_beside(word, meaning):
            return ()
        if number is not None:
            found.append(number)
    return tuple(found)


def _is_beside(word: str, meaning: Meaning) -> bool:
    return word in "&+" or meaning(word, BESIDE) is not None


def _options_in(plan: Plan, words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The words, those of an option together, with its number; 0 for any other word. Marks alone are none.

    How each is seen is found out once, whatever the options are: all of it is read while others wait. Most
    votes are one word, of which nothing more is asked.
    """
    known, lengths = _by_words(plan)
    seen = [seen_as(word) for word in words[1:-1]]
    last = [seen_as(word).rstrip(_QUOTED) for word in words[1:]]
    at = 0
    while at < len(words):
        own, end = known.get(own_words(words[at]), 0), at + 1
        first = seen_as(words[at]).lstrip(_QUOTED)
        for length in lengths.get(first, ()):
            behind = at + length
            if length > 1 and behind <= len(words):
                longer = known.get(" ".join((first, *seen[at : behind - 2], last[behind - 2])))
                if longer:
                    own, end = longer, behind
                    break
        if first:
            yield " ".join(words[at:end]), own
        at = end


def _plain_number(word: str) -> int:
    """The number that a word is; 0 where it is none."""
    return int(word) if word.isdecimal() and len(word) < 10 else 0


def _split(words: str) -> list[str]:
    return [part for part in _BETWEEN.split(words.strip()) if part]


def _answers(plan: Plan, words: str, meaning: Meaning, marks: Mapping[str, int]) -> Iterator[str]:
    """Each number or mark, without what stands between: `1 en 2`, `5, 0 & 3`, `een en twee`."""
    parts = _split(words)
    if len(parts) > MOST_WORDS:
        raise wrong(plan, "poll.vote.no_number", words=words[:40])
    while parts:
        # "if need be" is one mark.
        count = next((n for n in range(_LONGEST_MARK, 0, -1) if _is_mark(parts[:n], meaning, marks)), 0)
        part, parts = " ".join(parts[: count or 1]), parts[count or 1 :]
        if count or part[0].isdigit():
            yield part
        elif not _is_beside(part, meaning):
            yield str(meaning(part, NUMBER_WORDS) or part)


def _is_mark(parts: list[str], meaning: Meaning, marks: Mapping[str, int]) -> bool:
    return meaning(" ".join(parts), marks) is not None


def _number(plan: Plan, word: str) -> int:
    number = number_in(word)
    if number is None:
        raise wrong(plan, "poll.vote.no_number", words=word[:40])
    return number


def _check_option(plan: Plan, number: int) -> None:
    if not 1 <= number <= len(plan.options):
        raise UserError("poll.vote.no_option", number=number, most=len(plan.options))


def _one_each(plan: Plan, marks: Choices) -> Choices:
    if len(marks) != len(plan.options):
        raise wrong(plan, "poll.vote.one_each", count=len(marks), most=len(plan.options))
    return marks


# --- a press of one option's button --------------------------------------------


def press_chosen(plan: Plan, before: Choices, option: int, on: bool | None) -> Choices:
    """On, off, or (None) the other way round where several count."""
    if on is None:
        on = plan.at_most == 1 or option not in before
    if not on:
        return tuple(number for number in before if number != option)
    return check_chosen(plan, (option,) if plan.at_most == 1 else (*before, option))


def press_ranks(plan: Plan, before: Choices, option: int, on: bool | None) -> Choices:
    """Pressed one after the other, the best first; pressed again, it leaves its rank."""
    kept = tuple(number for number in before if number != option)
    if on is False or (on is None and option in before):
        return kept
    return before if option in before else (*kept, option)


def press_dates(plan: Plan, before: Choices, option: int, on: bool | None) -> Choices:
    """Yes, if need be, no, and round again."""
    now = before[option - 1] if before else NO
    after = {NO: YES, YES: IF_NEED_BE, IF_NEED_BE: NO}[now] if on is None else YES if on else NO
    return _marked(plan, before, option, after)


def press_consent(plan: Plan, before: Choices, option: int, on: bool | None) -> Choices:
    if on is False:
        return () if before == (option,) else before
    if option == OBJECT:
        raise wrong(plan, "poll.reason.missing")
    return (option,)


def _marked(plan: Plan, before: Choices, option: int, mark: int) -> Choices:
    """The ballot with another mark for one option; no ballot where nothing is left on it."""
    marks = list(before or (0,) * len(plan.options))
    marks[option - 1] = mark
    return tuple(marks) if any(marks) else ()


# --- counting -------------------------------------------------------------------


def add_chosen(plan: Plan, ballots: Ballots) -> list[int]:
    """The votes for each option."""
    votes = [0] * len(plan.options)
    for choices, times in ballots:
        for option in choices:
            votes[option - 1] += times
    return votes


def add_scores(plan: Plan, ballots: Ballots) -> list[int]:
    """The points of each option."""
    points = [0] * len(plan.options)
    for scores, times in ballots:
        for option, score in enumerate(scores):
            points[option] += score * times
    return points


def add_dates(plan: Plan, ballots: Ballots) -> list[int]:
    """Who says yes to each date, and then who says "if need be"."""
    dates = len(plan.options)
    sums = [0] * (2 * dates)
    for marks, times in ballots:
        for option, mark in enumerate(marks):
            if mark != NO:
                sums[option if mark == YES else dates + option] += times
    return sums


def add_ranks(plan: Plan, ballots: Ballots) -> list[int]:
    return add_duels(len(plan.options), ballots)


def decide_most(plan: Plan, people: int, sums: Sequence[int]) -> Count:
    """Whoever has most comes first."""
    return _count(people, [(total,) for total in sums])


def decide_dates(plan: Plan, people: int, sums: Sequence[int]) -> Count:
    """The date that suits most, counting "if need be"; of these the one with most that say yes."""
    dates = len(plan.options)
    suits = list(zip(sums[:dates], sums[dates:], strict=True))
    return _count(people, suits, [(yes + need, yes) for yes, need in suits])


def decide_ranks(plan: Plan, people: int, sums: Sequence[int]) -> Count:
    """By Schulze's method; the bars show how many duels each option wins."""
    ranking = decide(duels_of(sums))
    duels = ranking.duels
    wins = tuple(
        (sum(row[other] > duels[other][me] for other in range(len(row))),) for me, row in enumerate(duels)
    )
    return Count(people, wins, ranking.order if people else (), ranking)


def _count(
    people: int, parts: Sequence[tuple[int, ...]], ranks: Sequence[tuple[int, ...]] | None = None
) -> Count:
    """Options from first to last by `ranks` (the parts themselves); what nobody wants is no order."""
    ranks = ranks or parts
    order = tuple(
        tuple(option for option, place in enumerate(ranks, start=1) if place == rank)
        for rank in sorted(set(ranks), reverse=True)
    )
    return Count(people, tuple(parts), order if any(map(any, parts)) else ())


_CHOSEN = VotingMethod(read_chosen, press_chosen, add_chosen, decide_most, by_numbers=True)
METHODS = {
    Kind.CHOICE: _CHOSEN,
    Kind.APPROVAL: _CHOSEN,
    Kind.SCORE: VotingMethod(read_scores, None, add_scores, decide_most),
    Kind.RANKED: VotingMethod(read_ranks, press_ranks, add_ranks, decide_ranks),
    Kind.CONSENT: VotingMethod(read_consent, press_consent, add_chosen, decide_most),
    Kind.DATES: VotingMethod(read_dates, press_dates, add_dates, decide_dates),
}
