"""Terms: who is asked when, who goes on, and what ends by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import HandClock
from bot.errors import Shut
from bot.features.themes import held
from bot.features.themes.records import TERMS, THEMES, Held, Involvement, Term
from bot.features.themes.term import GO_ON
from bot.model.message import Button, text
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.bot.features.themes.test_propose import pressed
from tests.chat import NOW, open_chat
from tests.doubles.linking import ask, key, link, press, resident
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

DAY = timedelta(days=1)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Mia, who moderates and talks with Plein in private, pulls a theme."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.say("mia", "!help", room=None)
        await town.say("mia", "!thema trek")
        yield town


async def kept(town: Town) -> Sequence[Term]:
    return await town.core.store.run(lambda tx: tx.of(TERMS).of_theme(tx.places.theme_named("sport").id))


async def what(town: Town, name: str) -> Involvement | None:
    def read(tx: Transaction) -> Involvement | None:
        who = tx.people.by_identity(Identity(PLATFORM, name))
        return tx.of(THEMES).of(who.id).get(tx.places.theme_named("sport").id) if who else None

    return await town.core.store.run(read)


async def turns(town: Town, to: datetime) -> None:
    town.clock.turn_to(to)
    await town.core.run_due()


def asked(town: Town, name: str = "mia") -> list[str]:
    return [said for said in town.platform.where(name) if "loopt je termijn af" in said]


def over(town: Town) -> list[str]:
    return [said for said in town.platform.where("sport") if "de termijn is voorbij" in said]


async def test_who_pulls_is_asked_once_a_week_before_the_end_and_then_has_done_it(town: Town) -> None:
    (term,) = await kept(town)
    assert (term.held, term.until) == (Held.PULLS, held.later(NOW, years=1))
    await turns(town, term.until - held.WEEK - DAY)
    assert not asked(town)
    await turns(town, term.until - held.WEEK)
    await turns(town, term.until - DAY)
    assert len(asked(town)) == 1
    assert not over(town)
    await turns(town, term.until)
    await turns(town, term.until + DAY)
    assert len(over(town)) == 1
    assert "Niemand trekt “sport” meer" in over(town)[0]
    assert await what(town, "mia") is Involvement.TAKES_PART
    assert not await kept(town)


async def test_who_goes_on_does_so_for_another_year(town: Town) -> None:
    (term,) = await kept(town)
    await turns(town, term.until - held.WEEK)
    assert "Jij trekt “sport” tot" in await pressed(town, "mia", GO_ON, None, theme=f"theme:{term.theme}")
    await turns(town, term.until + DAY)
    assert not over(town)
    await turns(town, held.later(term.until, years=1) - held.WEEK)
    assert len(asked(town)) == 2


async def test_with_who_does_not_talk_in_private_it_is_said_in_the_theme_once(town: Town) -> None:
    """Together of all of whom that is so, and of nobody else; and who it is about can say there that they go
    on.
    """
    for name in ("ben", "cas"):
        await town.say(name, "!thema doe mee")
        await town.say(name, "!thema verslag")
    await town.say("mia", '!thema termijn "5 jaar"')
    term = next(term for term in await kept(town) if term.held is Held.NOTES)
    await turns(town, term.until - held.WEEK)
    await turns(town, term.until - DAY)
    assert not asked(town)
    assert not [said for name in ("ben", "cas") for said in town.platform.where(name) if "termijn" in said]
    (said,) = [said for said in town.platform.where("sport") if "loopt de termijn" in said]
    assert said.count("loopt de termijn van") == 2
    assert "maakt" in said
    assert "trekt" not in said
    for name, answer in (
        ("ben", "Jij maakt het verslag in “sport” tot"),
        ("mia", "geen termijn die bijna voorbij is"),
        ("dora", "geen termijn die bijna voorbij is"),
    ):
        assert answer in await pressed(town, name, GO_ON, "sport", theme=f"theme:{term.theme}")
    await turns(town, term.until)
    assert ["verslag" in said for said in over(town)] == [True]


async def refused(town: Town, *names: str) -> Term:
    """Who is asked takes nothing in private by then; the last of the terms."""
    term = (await kept(town))[-1]
    for name in names:
        town.platform.trouble[name] = [Shut("they take no messages")] * 9
    await turns(town, term.until - held.WEEK)
    await town.core.outbox.worker.flush()
    return term


async def gathered(town: Town) -> list[str]:
    """What is said in the theme of those whom nothing reached."""
    await turns(town, town.clock.now() + timedelta(seconds=10))
    return [said for said in town.platform.where("sport") if "loopt de termijn van" in said]


async def test_who_takes_nothing_in_private_is_asked_with_a_mention_and_hears_why_once(town: Town) -> None:
    await town.say("ben", "!help", room=None)
    for line in ("!thema doe mee", "!thema verslag"):
        await town.say("ben", line)
    await refused(town, "mia", "ben")
    assert not town.platform.pinged
    (said,) = await gathered(town)
    assert "trekt" in said
    assert "maakt" in said
    assert sorted(town.platform.pinged) == [("sport", "ben"), ("sport", "mia")]
    assert await gathered(town) == [said]
    assert "raakte privé niet bij je" in await town.say("mia", "!thema toon")
    assert "raakte privé niet bij je" not in await town.say("mia", "!thema toon")
    town.platform.trouble.clear()
    await town.say("ben", "!help", room=None)
    assert not asked(town, "ben")


async def test_who_says_meanwhile_that_they_go_on_is_not_mentioned(town: Town) -> None:
    term = await refused(town, "mia")
    await pressed(town, "mia", GO_ON, "sport", theme=f"theme:{term.theme}")
    assert not await gathered(town)
    assert not town.platform.pinged
    assert "raakte privé niet bij je" not in await town.say("mia", "!thema toon")


@pytest.mark.parametrize("how", ["put out", "left"])
async def test_nothing_is_said_of_who_is_not_there_any_more(town: Town, how: str) -> None:
    await town.say("ben", "!thema doe mee")
    await town.say("ben", "!thema verslag")
    term = next(term for term in await kept(town) if term.held is Held.NOTES)
    if how == "left":
        await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
    else:
        await town.core.store.run(
            lambda tx: tx.guests.put_out(term.theme, Identity(PLATFORM, "ben"), term.who.id)
        )
    for moment in (term.until - held.WEEK, term.until):
        await turns(town, moment)
    assert not [said for said in town.platform.where("sport") if "verslag" in said and "termijn" in said]
    assert Held.NOTES not in [term.held for term in await kept(town)]


async def test_nobody_has_plein_speak_of_their_terms_without_end(town: Town) -> None:
    """That one ends is said to everybody: it is a day at least, and changed five times a day at most."""
    for _ in range(5):
        assert "Jij trekt “sport” tot" in await town.say("mia", '!thema termijn "2 jaar"')
    assert "al 5 keer" in await town.say("mia", '!thema termijn "3 jaar"')
    await turns(town, NOW + 2 * DAY)
    assert "Jij trekt “sport” tot" in await town.say("mia", '!thema termijn "3 jaar"')


async def test_after_a_year_away_it_is_said_once_and_nobody_is_asked_in_vain(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport", theme="sport")
        await town.say("mia", "!thema trek")
    for number in (100, 200):
        async with open_town(database_url, moderators=("mia",), number=number, away=400 * DAY) as town:
            await town.core.serve(town.platform)
            await town.core.run_due()
            assert len(over(town)) == (number == 100)
            assert not asked(town)


async def test_who_leaves_holds_nothing_any_more(town: Town) -> None:
    await town.say("ben", "!thema doe mee")
    await town.say("ben", "!thema verslag")
    assert "ben maakt het verslag" in await town.say("anna", "!thema toon")
    await town.say("ben", "!thema volg")
    assert "verslag" not in await town.say("anna", "!thema toon")
    assert "maakt er het verslag niet" in await town.say("ben", '!thema termijn "2 jaar"')
    await turns(town, NOW + 359 * DAY)
    assert not asked(town, "ben")
    assert [term.held for term in await kept(town)] == [Held.PULLS]


@pytest.mark.parametrize(
    ("until", "says"),
    [
        *((NOW - DAY, "is al voorbij"), (NOW, "is al voorbij"), (NOW + 2200 * DAY, "is te ver weg")),
        (NOW + DAY / 2, "duurt minstens een dag"),
    ],
)
async def test_what_is_no_term_changes_nothing(town: Town, until: datetime, says: str) -> None:
    before = await kept(town)
    button = Button(text("typed", words=""), "theme term", {"until": until.isoformat()})
    answer = await town.core.handle(replace(town.asked("mia", button=button), pressed=True))
    assert answer
    assert says in words_of(answer)
    assert await kept(town) == before


async def test_of_two_accounts_the_later_term_counts_and_who_is_forgotten_has_none(town: Town) -> None:
    for name, until in (("ben", "1 jaar"), ("cas", "2 jaar")):
        await town.say(name, "!thema doe mee")
        await town.say(name, "!thema verslag")
        await town.say(name, f'!thema termijn "{until}"')
    await town.core.link([Identity(PLATFORM, name) for name in ("ben", "cas")])
    await turns(town, NOW + 400 * DAY)
    assert not [said for said in over(town) if "verslag" in said]
    who = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "ben")))
    assert who
    assert [row["held"] for row in (await town.core.export(who.id))["terms"]] == ["notes"]
    await town.core.forget(who.id)
    await turns(town, NOW + 800 * DAY)
    assert not [said for said in over(town) if "verslag" in said]


async def test_nobody_pulls_without_an_end_once_they_are_two_again(tmp_path: Path) -> None:
    """Both pull, become one, say until when, and undo that."""
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        ann, benny, room = "ann@discord", "benny@matrix", "discord/sport"
        await chat.say("eve@discord/sport: !help")
        for who in (ann, benny):
            await ask(chat, who, "!theme take part", room=room)
            number = await resident(chat, who)

            def pulls(tx: Transaction, number: int = number) -> None:
                (theme,) = tx.of(THEMES).of(number)
                tx.of(THEMES).involve(theme, number, Involvement.PULLS, NOW)
                tx.of(TERMS).begin(theme, number, Held.PULLS, NOW + timedelta(days=365), asked=False)

            await chat.core.store.run(pulls)
        done = await link(chat, ann, benny)
        assert key(await ask(chat, ann, '!theme term "2 years"', room=room)) == "theme.term.set.pulls"
        assert key(await press(chat, ann, done)) == "link.undone"
        for who in (ann, benny):
            number = await resident(chat, who)

            def ends(tx: Transaction, number: int = number) -> list[datetime]:
                (theme,) = tx.of(THEMES).of(number)
                return [term.until for term in tx.of(TERMS).of_theme(theme) if term.who.id == number]

            assert len(await chat.core.store.run(ends)) == 1


def test_a_year_after_a_leap_day() -> None:
    leap = datetime(2028, 2, 29, 19, tzinfo=UTC)
    assert held.later(leap, years=1) == datetime(2029, 2, 28, 19, tzinfo=UTC)
    assert held.later(leap, years=4) == datetime(2032, 2, 29, 19, tzinfo=UTC)
