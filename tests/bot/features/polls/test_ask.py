"""What can be asked, and the terms that have to fit together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import UserError
from bot.features.polls import ask
from bot.features.polls.records import POLLS, Kind, Poll, Results, Voters
from bot.features.polls.settings import PollsSettings
from bot.model.message import Message, text
from bot.model.people import Role
from bot.ports.storage import Transaction
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import a_call
from tests.doubles.platform import Town, open_town, words_of


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town("sqlite:///:memory:", moderators=("mia",)) as town:
        await town.joined("sport")
        yield town


def key_of(error: pytest.ExceptionInfo[UserError]) -> str:
    return error.value.text.key


async def answer_to(town: Town, words: str, name: str = "anna") -> Message:
    answer = await town.core.handle(town.asked(name, words))
    assert answer
    return answer


async def asked(town: Town, words: str, name: str = "anna") -> Poll:
    """The poll that these words open."""
    number = (await answer_to(town, words, name)).lines[0].values["poll"]

    def read(tx: Transaction) -> Poll:
        found = tx.of(POLLS).get(number, 0)
        assert found
        return found[0]

    return await town.core.store.run(read)


# --- rules ---


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("", "poll.question.empty"),
        ("\u200d\u200c", "poll.question.empty"),
        ("x" * 251, "poll.question.long"),
    ],
)
def test_questions_that_cannot_be_asked(question: str, key: str) -> None:
    with pytest.raises(UserError) as error:
        ask.check_question(question)
    assert key_of(error) == key


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.APPROVAL, Kind.SCORE, Kind.RANKED])
@pytest.mark.parametrize(
    ("options", "key"),
    [
        ([], "poll.options.few"),
        (["A"], "poll.options.few"),
        (["A"] * 21, "poll.options.many"),
        (["A", "x" * 81], "poll.option.long"),
        (["A", "B", "a"], "poll.options.double"),
        (["Straße", "STRASSE"], "poll.options.double"),
        (["é", "e\u0301"], "poll.options.double"),
        (["A", "A\u200d"], "poll.options.double"),
        (["Ja", "J\u0430"], "poll.options.double"),
        (["ABC", "\u0410\u0412\u0421"], "poll.options.double"),
        (["Kom", "\u039aom"], "poll.options.double"),
        (["A", "\u200d"], "typed.unseen"),
    ],
)
def test_options_that_are_none(kind: Kind, options: list[str], key: str) -> None:
    with pytest.raises(UserError) as error:
        ask.read_options(a_call(), kind, "Wat?", options)
    assert key_of(error) == key


def test_what_just_fits() -> None:
    ask.check_question("x" * 250)
    most = [f"{number:080}" for number in range(20)]
    families = ["👨‍👩‍👧", "👨‍👩‍👦"]
    for kind in (Kind.CHOICE, Kind.APPROVAL, Kind.SCORE, Kind.RANKED):
        for options in (most, families):
            assert ask.read_options(a_call(), kind, "Wat?", options) == tuple(options)


def test_a_consent_poll_has_options_of_its_own() -> None:
    assert ask.read_options(a_call(), Kind.CONSENT, "Wat?", []) == ("agree", "abstain", "object")
    with pytest.raises(UserError) as error:
        ask.read_options(a_call(), Kind.CONSENT, "Wat?", ["Ja", "Nee"])
    assert key_of(error) == "poll.options.consent"


def test_dates_are_kept_as_moments() -> None:
    typed = ["dinsdag 8 december om 20u", "9 december 2026 20:00", "2026-12-10 20:00"]
    kept = ("2026-12-08T19:00:00+00:00", "2026-12-09T19:00:00+00:00", "2026-12-10T19:00:00+00:00")
    assert ask.read_options(a_call(), Kind.DATES, "Wanneer?", typed) == kept
    # As they come back from a button that said them in full.
    assert ask.read_options(a_call(), Kind.DATES, "Wanneer?", list(kept)) == kept


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["8 december 2026 20:00"], "poll.options.few"),
        (["8 december 2026 20:00", "dinsdag 8 december 20u"], "poll.dates.double"),
        (["8 december 2026 20:00", "2026-12-01T17:59+00:00"], "when.past"),
        (["8 december 2026 20:00", "9 december 2026 van 20:00 tot 22:00"], "when.one_moment"),
        (["8 december 2026 20:00", "op een keer"], "when.unclear"),
        (["8 december 2026 20:00", "\u200d"], "typed.unseen"),
    ],
)
def test_dates_that_are_none(options: list[str], key: str) -> None:
    with pytest.raises(UserError) as error:
        ask.read_options(a_call(), Kind.DATES, "Wanneer?", options)
    assert key_of(error) == key


# --- terms ---


async def test_what_people_expect_where_nothing_is_said(town: Town) -> None:
    poll = await asked(town, '!poll open "Wat?" A | B')
    assert poll == Poll(
        id=1,
        theme=poll.theme,
        opener=poll.opener,
        question="Wat?",
        options=("A", "B"),
        kind=Kind.CHOICE,
        at_most=1,
        results=Results.LIVE,
        anonymous=False,
        who=Voters.EVERYONE,
        quorum=0,
        opened_at=NOW,
        closes_at=NOW + timedelta(days=7),
    )


async def test_all_that_can_be_said(town: Town) -> None:
    poll = await asked(
        town,
        '!poll open "Wat?" A | B | C --choices 2 --anonymous --quorum 5 --voters members '
        "--opens 2d --closes 4d --results closed",
    )
    assert (poll.state, poll.at_most, poll.results) == ("planned", 2, Results.CLOSED)
    assert (poll.anonymous, poll.quorum, poll.who) == (True, 5, Voters.MEMBERS)
    assert (poll.opened_at, poll.closes_at) == (NOW + timedelta(days=2), NOW + timedelta(days=4))


async def test_an_anonymous_poll_shows_its_count_at_the_end(town: Town) -> None:
    assert (await asked(town, '!poll open "Wat?" A | B --anonymous')).results is Results.CLOSED


async def test_as_many_as_there_are_can_be_approved(town: Town) -> None:
    assert (await asked(town, '!poll open "Wat?" A | B | C --kind approval')).at_most == 3


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("A | B --choices 0", "poll.choices.range"),
        ("A | B --choices 3", "poll.choices.range"),
        ("A | B --kind ranked --choices 1", "poll.choices.kind"),
        ("A | B --kind approval --choices 1", "poll.choices.kind"),
        ("A | B --anonymous --results live", "poll.anonymous.shown"),
        ("A | B --anonymous --results voted", "poll.anonymous.shown"),
        ("A | B --quorum -1", "poll.quorum.range"),
        ("A | B --quorum 100001", "poll.quorum.range"),
        ("A | B --opens 4d --closes 3d", "poll.closes.before_opening"),
        ("A | B --opens 4d --closes 4d", "poll.closes.before_opening"),
        ("A | B --closes 367d", "poll.closes.far"),
        ("A | B --opens 360d", "poll.closes.far"),
        ("A | B --kind consent", "poll.options.consent"),
    ],
)
async def test_terms_that_do_not_fit(town: Town, typed: str, key: str) -> None:
    answer = await answer_to(town, f'!poll open "Wat?" {typed}')
    assert answer.lines[0].key == key
    assert "{" not in words_of(answer)
    assert await town.core.store.run(lambda tx: list(tx.of(POLLS).running([1], 0, 9))) == []
    assert await town.core.store.run(lambda tx: list(tx.of(POLLS).planned([1], 9))) == []


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ('!poll open "Wat?" A | B --opens 20:00', "poll.opens.past"),
        ('!poll open "Wat?" A | B --closes 20:00', "poll.closes.past"),
        ('!poll open "Wanneer?" 2026-12-01T20:00 | 2026-12-02T20:00 --kind dates', "poll.dates.past"),
    ],
)
async def test_what_was_to_come_when_it_was_said_and_is_over_now(town: Town, typed: str, key: str) -> None:
    asking = town.asked("anna", typed)
    town.clock.turn(timedelta(hours=2))
    answer = await town.core.handle(asking)
    assert answer
    assert answer.lines[0].key == key
    assert await town.core.store.run(lambda tx: list(tx.of(POLLS).running([1], 0, 9))) == []


async def test_dates_that_can_be_meant_otherwise_are_asked_back(town: Town) -> None:
    answer = await answer_to(town, '!poll open "Wanneer?" 3/12/2026 20:00 | 12 december om 8 --kind dates')
    assert answer.lines[0].key == "poll.dates.which"
    assert [str(button.label.values["options"][0].values["at"])[:13] for button in answer.buttons] == [
        "2026-12-12 07",
        "2026-12-12 19",
    ]
    yes = answer.buttons[1]
    assert yes.style == "primary"
    assert await town.core.store.run(lambda tx: list(tx.of(POLLS).running([1], 0, 9))) == []
    opened = await town.core.handle(town.asked("anna", button=yes))
    assert opened
    assert opened.lines[0].key == "poll.opened"
    (poll,) = await town.core.store.run(lambda tx: [poll for poll, _ in tx.of(POLLS).running([1], 0, 9)])
    assert list(poll.options) == yes.args["options"]
    assert poll.kind is Kind.DATES


async def test_what_one_date_means_all_of_them_mean(town: Town) -> None:
    answer = await answer_to(town, '!poll open "Wanneer?" 3/12 7u | 4/12 7u | 5/12 20u --kind dates')
    assert [button.args["options"] for button in answer.buttons] == [
        ["2026-12-03T06:00:00+00:00", "2026-12-04T06:00:00+00:00", "2026-12-05T19:00:00+00:00"],
        ["2026-12-03T18:00:00+00:00", "2026-12-04T18:00:00+00:00", "2026-12-05T19:00:00+00:00"],
    ]
    # With one known reading of each there is nothing to choose from, but a yes.
    answer = await answer_to(town, '!poll open "Wanneer?" "volgende dinsdag 20u" | 5/12 20u --kind dates')
    assert answer.lines[0].key == "poll.dates.meant"
    assert len(answer.buttons) == 1


# --- whole days ---


async def test_whole_days_are_days(town: Town) -> None:
    """No hour is shown that nobody said; it ends the day before, at the hour at which it opened."""
    poll = await asked(town, '!poll open "Wanneer?" di 8 dec | kerstavond | 10/12 20u --kind dates')
    assert poll.options == ("2026-12-08", "2026-12-24", "2026-12-10T19:00:00+00:00")
    assert poll.closes_at == NOW + timedelta(days=6)
    shown = await town.say("ben", "!poll show")
    assert "1. dinsdag 8 december:" in shown
    assert "2. donderdag 24 december:" in shown
    assert "3. donderdag 10 december om 20.00 uur:" in shown
    assert "00.00" not in shown
    assert "dinsdag 8 december: ja" in await town.say("ben", "!vote 1")


@pytest.mark.parametrize(
    ("typed", "closes"),
    [
        ("3 dec | 4 dec", "2026-12-02 19:00"),
        ("morgen | 4 dec", "2026-12-02 00:00"),  # there is no whole day left before it
        ("24 dec | 25 dec", "2026-12-23 19:00"),
        ("3 dec 20u | 24 dec", "2026-12-02 20:00"),
        ("2 dec 12u | 24 dec", "2026-12-02 12:00"),
        ("8 dec | 9 dec --closes 2d", "2026-12-03 19:00"),
    ],
)
async def test_a_poll_about_whole_days_ends_before_them(town: Town, typed: str, closes: str) -> None:
    poll = await asked(town, f'!poll open "Wanneer?" {typed} --kind dates')
    assert f"{poll.closes_at.astimezone(BRUSSELS):%Y-%m-%d %H:%M}" == closes


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("vandaag | 4 dec", "poll.dates.past"),
        ("4 dec | vrijdag 4 december", "poll.dates.double"),
        ('4 dec | 5 dec --closes "4 december 01:00"', "poll.dates.after"),
    ],
)
async def test_whole_days_that_do_not_fit(town: Town, typed: str, key: str) -> None:
    answer = await answer_to(town, f'!poll open "Wanneer?" {typed} --kind dates')
    assert answer.lines[0].key == key
    assert "00.00" not in words_of(answer)


async def test_whole_days_that_can_be_meant_otherwise_stay_days(town: Town) -> None:
    answer = await answer_to(town, '!poll open "Wanneer?" volgende vrijdag | 9 dec --kind dates')
    assert [button.args["options"] for button in answer.buttons] == [
        ["2026-12-04", "2026-12-09"],
        ["2026-12-11", "2026-12-09"],
    ]
    assert await town.core.handle(town.asked("anna", button=answer.buttons[1]))
    (poll,) = await town.core.store.run(lambda tx: [poll for poll, _ in tx.of(POLLS).running([1], 0, 9)])
    assert poll.options == ("2026-12-11", "2026-12-09")


async def test_whole_days_again_and_longer(town: Town) -> None:
    await asked(town, '!poll open "Wanneer?" 10 dec | 11 dec --kind dates --closes 2d')
    town.clock.turn(timedelta(days=2))
    await town.core.run_due()
    again = await asked(town, "!poll again 1")
    assert again.closes_at == NOW + timedelta(days=4)
    assert (await answer_to(town, "!poll extend 9d --poll 2")).lines[0].key == "poll.dates.after"
    town.clock.turn(timedelta(days=9))
    await town.core.run_due()
    assert (await answer_to(town, "!poll again 2")).lines[0].key == "poll.again.past"


# --- who may ask, and how much ---


def opened_by(role: Role) -> PollsSettings:
    return PollsSettings.model_validate({"opened_by": role.name.lower()})


@pytest.mark.parametrize("needed", [Role.RESIDENT, Role.ORGANISER, Role.MODERATOR])
async def test_who_may_ask_is_settled_by_the_community(town: Town, needed: Role) -> None:
    town.configure(opened_by(needed))
    for role in Role:
        opening = replace(town.asked(f"a{role}", '!poll open "Wat?" A | B'), role=role)
        answer = await town.core.handle(opening)
        assert answer
        expected = "poll.opened" if role >= needed else f"role.needed.{needed.name.lower()}"
        assert answer.lines[0].key == expected
    assert (await answer_to(town, '!poll open "Wat?" A | B', "mia")).lines[0].key == "poll.opened"


async def test_who_asks_a_great_deal_waits(town: Town) -> None:
    town.configure(PollsSettings(at_once=2, a_day=3))
    question = '!poll open "Wat?" A | B'
    for words in (question, f"{question} --opens 2d"):
        assert (await answer_to(town, words)).lines[0].key != "poll.flood.at_once"
    answer = await answer_to(town, question)
    assert answer.lines[0] == text("poll.flood.at_once", count=2, usage="!peiling mijn")
    assert (await answer_to(town, question, "ben")).lines[0].key == "poll.opened"
    await town.say("anna", "!poll cancel 1 --sure")
    assert (await answer_to(town, question)).lines[0].key == "poll.opened"
    for number in (2, 4):
        await town.say("anna", f"!poll cancel {number} --sure")
    assert (await answer_to(town, question)).lines[0] == text("poll.flood.a_day", count=3)
    assert (await answer_to(town, "!poll again 1")).lines[0] == text("poll.flood.a_day", count=3)
    for _ in range(4):
        assert (await answer_to(town, question, "mia")).lines[0].key == "poll.opened"
    town.clock.turn(timedelta(days=1, seconds=1))
    assert (await answer_to(town, question)).lines[0].key == "poll.opened"


# --- which theme ---


async def test_whoever_is_forgotten_begins_no_limit_anew(town: Town) -> None:
    """What they asked stays, opened by nobody; and nobody's polls have no end."""
    town.configure(PollsSettings(at_once=2, a_day=5))
    for number in range(3):
        opened = [
            (await answer_to(town, f'!poll open "Wat {number}?" A | B --closes {day}d')).lines[0].key
            for day in (2, 3)
        ]
        assert opened == (["poll.opened"] * 2 if number == 0 else ["poll.flood.at_once"] * 2)
        await town.say("anna", "!me forget --sure")
        town.clock.turn(timedelta(minutes=1))
        await town.core.run_due()
    # What they asked closes in its time, and they may ask again.
    town.clock.turn(timedelta(days=2, hours=1))
    await town.core.run_due()
    assert (await answer_to(town, '!poll open "Nog?" A | B')).lines[0].key == "poll.opened"
    assert (await answer_to(town, '!poll open "En nog?" A | B')).lines[0].key == "poll.flood.at_once"
    town.clock.turn(timedelta(days=1))
    await town.core.run_due()
    assert (await answer_to(town, '!poll open "En nog?" A | B')).lines[0].key == "poll.opened"


async def test_a_poll_is_opened_in_a_theme_from_a_private_conversation(town: Town) -> None:
    await town.joined("buurt", theme="De Buurt")
    await town.say("anna", "!help", room="buurt")
    words = '!poll open "Wat?" A | B --theme "de buurt"'
    assert "nummer 1" in await town.say("anna", words, room=None)
    assert "nummer 2" in await town.say("anna", words)
    await town.core.run_due()
    assert [len(town.platform.where(room)) for room in ("buurt", "sport")] == [2, 0]
    assert "Wat?" in await town.say("anna", "!poll list --theme DE BUURT")
    assert "Er loopt hier nu geen peiling" in await town.say("anna", "!poll list")


@pytest.mark.parametrize("command", ['!poll open "Wat?" A | B', "!poll list"])
async def test_a_theme_that_is_not_theirs(town: Town, command: str) -> None:
    await town.joined("buurt", theme="Buurt")
    none = await town.core.handle(town.asked("anna", f"{command} --theme Buurt", room=None))
    assert none
    assert none.lines[0] == text("theme.none", theme="Buurt")
    await town.say("anna", "!help")
    answer = await answer_to(town, f"{command} --theme Buurt")
    assert answer.lines[0] == text("theme.unknown", theme="Buurt", known=(text("typed", words="sport"),))
    assert await town.core.store.run(lambda tx: list(tx.of(POLLS).running([2], 0, 9))) == []
    # A moderator of the community has to do with all of them.
    assert (await answer_to(town, f"{command} --theme Buurt", "mia")).lines[0].key in (
        "poll.opened",
        "poll.list.none",
    )


async def test_the_role_that_counts_is_that_of_the_theme(town: Town) -> None:
    town.configure(opened_by(Role.ORGANISER))
    await town.joined("buurt", theme="Buurt")
    await town.say("anna", "!help", room="buurt")
    asking = replace(town.asked("anna", '!poll open "Wat?" A | B --theme Buurt'), role=Role.ORGANISER)
    answer = await town.core.handle(asking)
    assert answer
    assert answer.lines[0].key == "role.needed.organiser"


async def test_whoever_asks_the_members_is_one_of_them_also_with_their_first_words(town: Town) -> None:
    """They take part from the very moment in which it opens; who comes after them does not."""
    await answer_to(town, '!poll open "Wat?" A | B --voters members')
    assert (await answer_to(town, "!vote 1")).lines[0].key == "poll.receipt.voted"
    for later in (timedelta(), timedelta(seconds=1)):
        town.clock.turn(later)
        assert (await answer_to(town, "!vote 1", "cas")).lines[0].key == "poll.not_for_you.members"


@pytest.mark.parametrize("option", ["--opens", "--closes", "--kind dates"])
async def test_a_moment_at_the_end_of_all_calendars_is_too_far(town: Town, option: str) -> None:
    for moment in ("31 december 9999 23:59", "9999-12-31T23:59:00+00:00", "31 december 9999"):
        words = f'!poll open "Wat?" A | B {option} "{moment}"'
        if option == "--kind dates":
            words = f'!poll open "Wanneer?" {option} {moment} | 9 december 20u'
        said = await town.say("anna", words)
        assert "te ver weg" in said or "nog geen uur" in said, (words, said)
