"""What is told to a person: the account that they used last, else the next, else when they come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.call import Call
from bot.delivery.rooms import TELL_EVERY
from bot.errors import Gone, NotOurs, Refused, TryLater
from bot.model.message import Message, message, typed
from bot.model.people import Identity
from bot.model.work import AWAY_AFTER
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Platform, Town, open_town

OTHER = "other"
# Ben's accounts. By the alphabet the one on the other platform comes first.
HERE, THERE = Identity(PLATFORM, "ben"), Identity(OTHER, "benno")
HELLO = message(typed("dag"))


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, moderators=("mia",)) as town:
        await link(town, THERE, HERE)
        yield town


@pytest.fixture
async def other(town: Town) -> Platform:
    """The other platform, at work in the same process."""
    other = Platform(OTHER, OTHER)
    await town.core.serve(other)
    return other


async def link(town: Town, *accounts: Identity) -> None:
    await town.core.link(accounts)


async def uses(town: Town, who: Identity) -> None:
    """They use Plein with that account."""
    asked = town.asked(who.user_id, "!help", room=None)
    await town.core.handle(replace(asked, author=who, account=who.platform))


async def call(town: Town, work: object) -> None:
    def run(tx: Transaction) -> None:
        call: Call = town.core.dispatch.call_for_nobody(tx, "told")
        work(call, number_of(tx, HERE))  # type: ignore[operator]

    await town.core.store.run(run)


def number_of(tx: Transaction, who: Identity) -> int:
    resident = tx.people.by_identity(who)
    assert resident
    return resident.id


async def tell(town: Town, said: Message = HELLO, *, confidential: bool = False) -> None:
    await call(town, lambda call, ben: call.tell(ben, said, "told", confidential=confidential))


async def flush(town: Town) -> None:
    """Whatever is passed on within this is done as well."""
    for _ in range(3):
        await town.core.outbox.worker.flush()


def heard(*platforms: Platform) -> list[tuple[str, str]]:
    """What Ben heard, and as whom."""
    mine = {HERE.user_id, THERE.user_id}
    return [
        (shown.where, shown.words)
        for platform in platforms
        for shown in platform.shown
        if shown.where in mine
    ]


def unreached(town: Town) -> list[str]:
    return [words for words in town.platform.where("mia") if "privé" in words]


async def test_on_the_account_that_they_used_last(town: Town, other: Platform) -> None:
    await uses(town, THERE)
    await uses(town, HERE)
    await tell(town)
    await tell(town, message(typed("nog eens")))
    await flush(town)
    assert heard(town.platform, other) == [("ben", "dag")]


async def test_told_twice_it_is_said_once_whichever_account_they_used_meanwhile(
    town: Town, other: Platform
) -> None:
    await uses(town, THERE)
    await tell(town)
    await flush(town)
    await uses(town, HERE)
    await tell(town)
    await flush(town)
    assert heard(town.platform, other) == [("benno", "dag")]


async def test_not_on_a_platform_that_is_not_there(town: Town) -> None:
    await uses(town, THERE)
    await tell(town)
    await flush(town)
    assert heard(town.platform) == [("ben", "dag")]


async def test_not_on_a_platform_that_is_away(town: Town, other: Platform) -> None:
    await uses(town, THERE)
    await town.core.suspend(other)
    town.clock.turn(AWAY_AFTER + timedelta(minutes=1))
    await town.core.rooms.look_after()
    await tell(town)
    await flush(town)
    assert heard(town.platform) == [("ben", "dag")]


async def test_where_a_platform_goes_away_meanwhile_the_next_one_says_it(town: Town, other: Platform) -> None:
    await uses(town, THERE)
    await town.core.suspend(other)
    await tell(town)
    for minutes in (30, 29):
        town.clock.turn(timedelta(minutes=minutes))
        await town.core.rooms.look_after()
        await flush(town)
        assert heard(town.platform) == []
    town.clock.turn(timedelta(minutes=2))
    await town.core.rooms.look_after()
    await flush(town)
    await town.core.serve(other)
    await flush(town)
    assert heard(town.platform, other) == [("ben", "dag")]


@pytest.mark.parametrize("no", [Gone("no messages from Plein"), NotOurs("no server in common")])
async def test_where_one_is_gone_the_next_one_hears_it(town: Town, other: Platform, no: Exception) -> None:
    await uses(town, THERE)
    other.trouble["benno"] = [no]
    await tell(town)
    await flush(town)
    assert heard(town.platform, other) == [("ben", "dag")]
    await town.core.rooms.look_after()
    await flush(town)
    assert unreached(town) == []


@pytest.mark.parametrize("confidential", [False, True])
async def test_reached_nowhere_it_waits_until_they_come_back_with_any_account(
    town: Town, other: Platform, confidential: bool
) -> None:
    await uses(town, HERE)
    other.trouble["benno"], town.platform.trouble["ben"] = [Gone("weg")], [Gone("weg")]
    await tell(town, confidential=confidential)
    await flush(town)
    town.clock.turn(timedelta(days=3))
    await flush(town)
    assert heard(town.platform, other) == []
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == []
    await uses(town, THERE)
    for _ in range(2):
        await flush(town)
        await uses(town, HERE)
    assert heard(town.platform, other) == [("benno", "dag")]


async def test_who_comes_back_and_is_still_out_of_reach_hears_it_the_next_time(
    town: Town, other: Platform
) -> None:
    await uses(town, HERE)
    other.trouble["benno"] = [Gone("weg"), Gone("weg")]
    town.platform.trouble["ben"] = [Gone("weg"), Gone("weg")]
    await tell(town)
    await flush(town)
    await uses(town, HERE)
    await flush(town)
    assert heard(town.platform, other) == []
    await uses(town, HERE)
    await flush(town)
    assert heard(town.platform, other) == [("ben", "dag")]


async def test_what_nobody_needs_any_more_waits_for_nobody(town: Town, other: Platform) -> None:
    """As its turn comes, or by the time that they come back."""
    await uses(town, HERE)
    other.trouble["benno"], town.platform.trouble["ben"] = [Gone("weg")], [TryLater(7200, unsent=True)]
    soon, later = (town.clock.now() + timedelta(hours=hours) for hours in (1, 3))
    await call(town, lambda call, ben: call.tell(ben, message(typed("straks")), "soon", until=soon))
    await call(town, lambda call, ben: call.tell(ben, message(typed("later")), "later", until=later))
    await call(town, lambda call, ben: call.tell(ben, message(typed("altijd")), "always"))
    await flush(town)
    town.platform.trouble["ben"] = [Gone("weg") for _ in range(2)]
    other.trouble["benno"] = [Gone("weg") for _ in range(2)]
    town.clock.turn(timedelta(hours=2))
    await town.core.rooms.look_after()
    await flush(town)
    assert (town.platform.trouble["ben"], other.trouble["benno"]) == ([], [])
    town.clock.turn(timedelta(hours=2))
    await uses(town, THERE)
    await flush(town)
    assert heard(town.platform, other) == [("benno", "altijd")]


# --- in doubt ---


@pytest.mark.parametrize("refusal", [Refused("403"), NotOurs("403 50278"), TryLater(60)])
async def test_what_nobody_needs_any_more_is_tried_no_more_though_it_may_have_arrived(
    town: Town, refusal: Exception
) -> None:
    await uses(town, HERE)
    town.platform.trouble["ben"] = [ConnectionError("lost"), *[refusal] * 99]
    until = town.clock.now() + timedelta(hours=3)
    await call(town, lambda call, ben: call.tell(ben, HELLO, "hello", until=until))
    for _ in range(4):
        await flush(town)
        town.clock.turn(timedelta(hours=1))
    tried = len(town.platform.tries)
    assert tried > 1
    for _ in range(4):
        await flush(town)
        town.clock.turn(timedelta(hours=1))
    town.platform.trouble.clear()
    town.clock.turn(timedelta(days=30))
    await flush(town)
    await tell(town)
    await flush(town)
    assert len(town.platform.tries) == tried + 1  # what comes behind it is not held up


@pytest.mark.parametrize("doubt", [TryLater(1), TimeoutError(), ConnectionError(), RuntimeError("ours")])
async def test_in_doubt_there_is_no_second_copy(town: Town, other: Platform, doubt: Exception) -> None:
    """The first try may have arrived, just before they left."""
    await uses(town, THERE)
    other.trouble["benno"] = [doubt, Gone("weg")]
    await tell(town)
    await flush(town)
    assert heard(town.platform) == []
    town.clock.turn(timedelta(hours=2))
    await town.core.rooms.look_after()
    await flush(town)
    assert heard(town.platform, other) == []
    assert await town.core.store.run(lambda tx: tx.posts.parked()) == [("told", "weg")]


@pytest.mark.parametrize("certain", [Refused("no"), TryLater(1, unsent=True)])
async def test_what_was_certainly_not_sent_is_in_no_doubt(
    town: Town, other: Platform, certain: Exception
) -> None:
    await uses(town, THERE)
    other.trouble["benno"] = [certain, certain, Gone("weg")]
    await tell(town)
    for _ in range(3):
        await flush(town)
        town.clock.turn(timedelta(minutes=1))
    await flush(town)
    assert heard(town.platform, other) == [("ben", "dag")]


@pytest.mark.parametrize("then", [TryLater(1, unsent=True), Refused("no")])
async def test_a_doubt_stays_whatever_comes_after_it(town: Town, other: Platform, then: Exception) -> None:
    await uses(town, THERE)
    other.trouble["benno"] = [TimeoutError(), then, Gone("weg")]
    await tell(town)
    for _ in range(4):
        await flush(town)
        town.clock.turn(timedelta(minutes=5))
    assert other.trouble["benno"] == []
    assert heard(town.platform, other) == []


async def test_what_waits_in_doubt_stays_with_its_account(town: Town, other: Platform) -> None:
    """The platform goes away for days, and comes back."""
    await uses(town, THERE)
    other.trouble["benno"] = [TimeoutError()]
    await tell(town)
    await flush(town)
    await town.core.suspend(other)
    town.clock.turn(timedelta(days=2))
    await town.core.rooms.look_after()
    await flush(town)
    assert heard(town.platform) == []
    await town.core.serve(other)
    await flush(town)
    assert heard(town.platform, other) == [("benno", "dag")]


async def test_cut_off_while_it_is_tried_it_stays_with_its_account(town: Town, other: Platform) -> None:
    await uses(town, THERE)
    other.held["benno"] = asyncio.Event()
    await tell(town)
    running = asyncio.create_task(town.core.outbox.worker.run())
    await other.until(lambda: bool(other.tries))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    other.held.clear()
    other.trouble["benno"] = [Gone("weg")]
    await flush(town)
    assert heard(town.platform, other) == []


async def test_cut_off_before_it_is_kept_that_one_is_gone(
    town: Town, other: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can tell whether that try arrived: there it is said again, and nowhere else."""
    await uses(town, THERE)
    other.trouble["benno"] = [Gone("weg")]
    await tell(town)

    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(town.core.outbox, "_gone", killed)
        with pytest.raises(asyncio.CancelledError):
            await town.core.outbox.worker.flush()
    await flush(town)
    assert heard(town.platform, other) == [("benno", "dag")]


# --- two who turn out to be one ---


async def test_what_waits_for_somebody_waits_for_the_person_that_they_are(
    town: Town, other: Platform
) -> None:
    lone = Identity(PLATFORM, "bennie")
    await uses(town, lone)
    town.platform.trouble["bennie"] = [Gone("weg")]
    said = message(typed("voor bennie"))
    await call(town, lambda call, _: call.tell(number_of(call.tx, lone), said, "lone"))
    await flush(town)
    await link(town, HERE, lone)
    await uses(town, THERE)
    await flush(town)
    assert heard(town.platform, other) == [("benno", "voor bennie")]


async def test_with_an_account_that_can_be_reached_they_need_not_come_back(town: Town) -> None:
    lone = Identity(PLATFORM, "bennie")
    await uses(town, lone)
    town.platform.trouble["bennie"] = [Gone("weg")]
    said = message(typed("voor bennie"))
    await call(town, lambda call, _: call.tell(number_of(call.tx, lone), said, "lone"))
    await flush(town)
    await link(town, HERE, lone)
    await town.core.rooms.look_after()
    await flush(town)
    assert heard(town.platform) == [("ben", "voor bennie")]


# --- another wanted state ---


async def test_a_change_and_a_withdrawal(town: Town, other: Platform) -> None:
    await uses(town, THERE)
    await tell(town)
    await flush(town)
    await call(town, lambda call, _: call.change_post("told", message(typed("goeiedag"))))
    await flush(town)
    await call(town, lambda call, _: call.withdraw_post("told"))
    await flush(town)
    assert [shown.how for shown in other.shown] == ["whisper", "edit", "retract"]
    assert heard(town.platform) == []


async def test_changed_while_it_waits_for_them(town: Town, other: Platform) -> None:
    await uses(town, HERE)
    other.trouble["benno"], town.platform.trouble["ben"] = [Gone("weg")], [Gone("weg")]
    await tell(town)
    await flush(town)
    await call(town, lambda call, _: call.change_post("told", message(typed("goeiedag"))))
    await uses(town, HERE)
    await flush(town)
    assert heard(town.platform, other) == [("ben", "goeiedag")]


async def test_withdrawn_while_it_waits_for_them(town: Town, other: Platform) -> None:
    await uses(town, HERE)
    other.trouble["benno"], town.platform.trouble["ben"] = [Gone("weg")], [Gone("weg")]
    await tell(town)
    await flush(town)
    await call(town, lambda call, _: call.withdraw_post("told"))
    await uses(town, HERE)
    await flush(town)
    assert heard(town.platform, other) == []


@pytest.mark.parametrize(
    ("then", "found"),
    [
        (lambda call, _: call.change_post("told", message(typed("goeiedag"))), [("ben", "goeiedag")]),
        (lambda call, _: call.withdraw_post("told"), []),
    ],
    ids=["changed", "withdrawn"],
)
async def test_changed_while_it_is_refused(
    town: Town, other: Platform, then: object, found: list[tuple[str, str]]
) -> None:
    await uses(town, THERE)
    other.held["benno"] = asyncio.Event()
    other.trouble["benno"] = [Gone("weg")]
    await tell(town)
    trying = asyncio.create_task(town.core.outbox.worker.done())
    await other.until(lambda: bool(other.tries))
    await call(town, then)
    other.held["benno"].set()
    await trying
    await flush(town)
    assert heard(town.platform, other) == found


# --- the moderators ---


async def test_moderators_see_how_many_once_a_day(town: Town) -> None:
    people = [Identity(PLATFORM, name) for name in ("anna", "cas", "dora")]
    for who in people:
        await uses(town, who)

    async def gone(*whom: Identity, key: str) -> None:
        for who in whom:
            town.platform.trouble[who.user_id] = [Gone("weg")]
            number = await town.core.store.run(lambda tx, who=who: number_of(tx, who))  # type: ignore[misc]
            await call(town, lambda call, _, number=number: call.tell(number, HELLO, f"{key}:{number}"))
        await flush(town)
        await town.core.rooms.look_after()
        await flush(town)

    await gone(*people[:2], key="een")
    said = "2 mensen konden we privé niet bereiken; ze lezen het als ze Plein nog eens gebruiken."
    assert unreached(town) == [said]
    await gone(people[2], key="een")
    town.clock.turn(TELL_EVERY / 2)
    await gone(people[2], key="twee")
    assert unreached(town) == [said]
    town.clock.turn(TELL_EVERY / 2)
    for _ in range(2):
        await town.core.rooms.look_after()
        await flush(town)
    assert unreached(town) == [
        said,
        "1 persoon konden we privé niet bereiken; die leest het bij het volgende gebruik van Plein.",
    ]


async def test_without_moderators_nobody_is_told(database_url: str) -> None:
    async with open_town(database_url) as town:
        await uses(town, HERE)
        town.platform.trouble["ben"] = [Gone("weg")]
        await tell(town)
        await flush(town)
        await town.core.rooms.look_after()
        await flush(town)
        assert town.platform.shown == []


# --- polls ---


async def test_a_reminder_reaches_whoever_has_closed_their_first_account(town: Town, other: Platform) -> None:
    await town.joined("sport")
    await town.say("ben", "!reminders on")
    await uses(town, THERE)
    other.trouble["benno"] = [Gone("weg")]
    await town.say("anna", '!poll open "Wat?" A | B --closes 3d')
    town.clock.turn(timedelta(days=2, hours=1))
    await town.core.rooms.look_after()
    await town.core.run_due()
    await flush(town)
    (reminded,) = heard(town.platform, other)
    assert reminded[0] == "ben"
    assert "je stemde nog niet" in reminded[1]


@pytest.mark.parametrize("no", [Gone("no messages from Plein"), TryLater(1)])
async def test_so_many_wait_for_who_can_be_told_nothing(town: Town, no: Exception) -> None:
    """The newest; of the others they hear how many there were, also of those that were left out later."""
    await uses(town, HERE)
    town.platform.trouble["ben"] = [no] * 500
    for first, last in ((0, 120), (120, 150)):

        def tell_all(call: Call, ben: int, first: int = first, last: int = last) -> None:
            for number in range(first, last):
                call.tell(ben, message(typed(f"nieuws {number}")), f"news:{number}")

        await call(town, tell_all)
        town.clock.turn(timedelta(minutes=1))
        await flush(town)
    del town.platform.trouble["ben"]
    await uses(town, HERE)
    town.clock.turn(timedelta(minutes=1))
    await flush(town)
    words = [words for _, words in heard(town.platform)]
    news = [words for words in words if words.startswith("nieuws")]
    others = [words for words in words if "oudere berichten" in words]
    assert news[-100:] == [f"nieuws {number}" for number in range(50, 150)]
    assert len(news) <= 101, "one that may have arrived is tried again"
    assert others == [
        f"{150 - len(news)} oudere berichten voor jou zijn weggelaten: er stonden er te veel te wachten."
    ]
