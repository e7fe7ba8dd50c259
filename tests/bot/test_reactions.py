"""A sign on somebody's message runs its command once, is answered to nobody else, and can be taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import func, select

from bot.call import Call
from bot.commands.declare import Command
from bot.errors import Clash
from bot.feature import Feature, Features
from bot.features.kudos.records import KudosSettings
from bot.main.features import FEATURES, Installed, add_up
from bot.model.events import Invocation, Mention, Reacted, Remark
from bot.model.message import Message
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from bot.reactions import Reaction
from bot.settings import Settings
from bot.signs import ReactionSign, folded_sign
from storage.tables import identities, posts
from storage.unit import Tx
from tests.chat import BRUSSELS, NOW, difference, read_scenario
from tests.doubles.discord import Discord
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.praise import CLAP, Praise, Praised, PraiseSettings
from tests.doubles.praise import __file__ as praise_folder
from tests.homeserver import Homeserver
from tests.stages.discord import DiscordsClock, OnDiscord
from tests.stages.matrix import OnMatrix
from tests.stages.play import play
from tests.stages.stage import HandTurned, Stage

BEN = Mention("@ben", Identity(PLATFORM, "ben"), "Ben")
SAID, NO_MORE = "praise.on", "praise.off"


@pytest.fixture
async def praise() -> Praise:
    return Praise()


@pytest.fixture
async def town(database_url: str, praise: Praise) -> AsyncIterator[Town]:
    async with open_town(database_url, installed=praise.installed) as town:
        await town.joined("sport")
        yield town


def accounts(tx: Transaction) -> int:
    return int(cast(Tx, tx).db.execute(select(func.count()).select_from(identities)).scalar_one())


def waiting(tx: Transaction) -> int:
    told = select(func.count()).select_from(posts).where(posts.c.resident.is_not(None))
    return int(cast(Tx, tx).db.execute(told).scalar_one())


def remark(town: Town, ref: str = "$1", author: Mention | None = BEN) -> Remark:
    return Remark(ref, town.clock.now(), f"https://chat.example/{ref}", author)


def reacts(town: Town, name: str, *, on: bool = True, sign: str = CLAP, ref: str = "$1") -> Invocation:
    asked = town.asked(name)
    about = remark(town, ref, BEN if on else None)
    return replace(asked, reacted=Reacted(sign, on), about=about, by_post=True, public=True)


async def alone(town: Town, name: str, words: str) -> str:
    """What somebody is answered alone, and at once."""
    return await town.say(name, words, room=None)


async def test_it_is_dealt_with_once_and_says_whom_it_is_about(town: Town, praise: Praise) -> None:
    asked = reacts(town, "anna")
    for _ in range(2):
        assert await town.core.handle(asked) is None
    assert praise.seen == [Praised("anna", "Ben", asked.about, on=True)]
    await town.core.handle(reacts(town, "anna", on=False))
    (_, off) = praise.seen
    assert (off.whom, off.on, off.about and off.about.ref) == (None, False, "$1")
    await town.core.run_due()
    assert town.platform.shown == []


async def test_who_talks_in_private_hears_it_there_and_nobody_else_does(town: Town) -> None:
    await alone(town, "anna", "!help")
    await town.core.handle(reacts(town, "anna"))
    await town.core.run_due()
    assert town.platform.where("anna") == [SAID]
    assert town.platform.where("sport") == []


async def test_who_does_not_hears_it_beside_the_next_answer_for_them_alone(town: Town) -> None:
    await town.core.handle(reacts(town, "anna"))
    await town.core.handle(reacts(town, "anna", on=False))
    await town.core.run_due()
    assert town.platform.shown == []
    first, second = [await town.say("anna", "!profiel") for _ in range(2)]
    assert SAID in first
    assert NO_MORE in first
    assert SAID not in second
    assert NO_MORE not in second
    await town.core.run_due()
    assert town.platform.shown == []


async def test_what_others_read_does_not_say_it(town: Town) -> None:
    await town.core.handle(reacts(town, "anna"))
    aloud = replace(town.asked("anna", "!profiel"), by_post=True, public=True)
    await town.core.handle(aloud)
    await town.core.run_due()
    assert not any(SAID in shown.words for shown in town.platform.shown if shown.where == "sport")


async def test_what_is_wrong_is_said_in_the_same_way(town: Town, praise: Praise) -> None:
    mine = replace(reacts(town, "ben"), name="Ben")
    await town.core.handle(mine)
    await town.core.run_due()
    assert praise.seen == []
    assert town.platform.shown == []
    assert "praise.self" in await town.say("ben", "!profiel")


async def test_where_taking_it_away_is_an_event_that_takes_back(town: Town, praise: Praise) -> None:
    put = reacts(town, "anna")
    await town.core.handle(put)
    for who in ("mo", "anna", "anna"):
        taken = replace(town.asked(who), by_post=True, looks_private=True)
        await town.core.take_back(taken, put.id)
    assert [seen.on for seen in praise.seen] == [True, False, False]
    about = praise.seen[1].about
    assert about
    assert (about.ref, about.link, about.author) == ("$1", "https://chat.example/$1", None)
    await town.core.run_due()
    assert town.platform.shown == []


async def test_of_whoever_is_forgotten_nothing_waits_to_be_said(town: Town) -> None:
    await town.core.handle(reacts(town, "anna"))
    who = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "anna")))
    assert who
    await town.core.forget(who.id)
    await town.core.run_due()
    assert "praise.on" not in await town.say("anna", "!profiel")
    assert await town.core.store.run(waiting) == 0


async def test_it_is_heard_by_the_person_that_two_accounts_turn_out_to_be(town: Town) -> None:
    await alone(town, "elder", "!help")
    await town.core.handle(reacts(town, "anna"))
    await town.linked("elder", "anna")
    await alone(town, "elder", "!help")
    await town.core.run_due()
    assert town.platform.where("elder") == ["praise.on"]


async def test_whoever_only_takes_one_away_is_no_resident_for_that(town: Town, praise: Praise) -> None:
    await town.core.handle(reacts(town, "anna", on=False))
    assert praise.seen == []
    count = await town.core.store.run(accounts)
    assert count == 0


async def test_another_sign_or_another_place_is_nothing(town: Town, praise: Praise) -> None:
    assert set(town.core.signs) == {CLAP, KudosSettings().sign}
    await town.core.handle(reacts(town, "anna", sign="\N{PARTY POPPER}"))
    elsewhere = replace(reacts(town, "anna"), place=Place(PLATFORM, "nowhere"))
    await town.core.handle(elsewhere)
    assert praise.seen == []


async def test_messages_that_are_gone_are_told_to_who_misses_them(town: Town, praise: Praise) -> None:
    assert town.core.misses
    await town.core.gone(Place(PLATFORM, "sport"), ["$1", "$2"])
    await town.core.gone(Place(PLATFORM, "nowhere"), ["$3"])
    assert praise.lost == [("sport", "$1"), ("sport", "$2")]


async def test_where_nobody_makes_anything_of_it_nothing_is_asked_for(database_url: str) -> None:
    async with open_town(database_url) as town:
        quiet = [feature for feature in town.core.features.all if feature.reaction or feature.gone]
        assert (set(town.core.signs) == set(), town.core.misses) == (not quiet, bool(quiet))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\N{CLAPPING HANDS SIGN}", CLAP),
        (" \N{CLAPPING HANDS SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4} ", CLAP),
        ("\N{HEAVY BLACK HEART}\ufe0f", "\N{HEAVY BLACK HEART}"),
        ("geen", ""),
        ("", ""),
    ],
)
def test_a_sign_is_one_however_it_is_drawn(written: str, kept: str) -> None:
    assert PraiseSettings.model_validate({"sign": written}).sign == kept
    assert folded_sign(kept) == kept


@pytest.mark.parametrize(
    "written", ["1", "1\ufe0f\u20e3", "#2", "dank", ":pray:", "x" * 20, "\N{CLAPPING HANDS SIGN} 2"]
)
def test_what_is_no_sign_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"config\.sign"):
        PraiseSettings.model_validate({"sign": written})


def test_two_features_with_one_sign_stop_plein(praise: Praise) -> None:
    features = add_up(praise.installed)
    features.check_signs(Settings("nl", BRUSSELS, (PraiseSettings(), KudosSettings())))
    features.check_signs(Settings("nl", BRUSSELS, (PraiseSettings(sign=""), KudosSettings(sign=""))))
    with pytest.raises(Clash, match=f"The sign on a message '{CLAP}' is claimed twice: by kudos and by pr"):
        features.check_signs(Settings("nl", BRUSSELS, (PraiseSettings(), KudosSettings(sign=CLAP))))


async def test_they_are_held_against_each_other_at_the_start(database_url: str) -> None:
    class OtherSettings(PraiseSettings):
        sign: ReactionSign = KudosSettings().sign

    def run(call: Call, *, on: bool) -> Message | None:
        return None

    other = Feature(
        name="other",
        commands=(Command("other sign", run, listed=False),),
        settings=OtherSettings,
        reaction=Reaction("sign", "other sign"),
    )
    with pytest.raises(Clash, match="is claimed twice: by kudos and by other"):
        async with open_town(database_url, installed=(*FEATURES, Installed(other))):
            raise AssertionError("it began")


def test_a_sign_without_its_setting_or_its_command_stops_plein() -> None:
    def run(call: object) -> Message | None:
        return None

    for feature in (
        Feature(name="a", settings=PraiseSettings, reaction=Reaction("sign", "none")),
        Feature(
            name="a",
            commands=(Command("a b", run),),
            settings=PraiseSettings,
            reaction=Reaction("sign", "a b"),
        ),
        Feature(name="a", reaction=Reaction("sign", "a b")),
    ):
        with pytest.raises(ValueError, match="its sign needs"):
            Features([feature])


SCENARIO = Path(praise_folder).parent / "praise.chat"


async def test_it_is_the_same_in_the_console(database_url: str, praise: Praise) -> None:
    scenario = read_scenario(SCENARIO)
    found = await scenario.play(database_url, installed=praise.installed)
    assert not (changes := difference(scenario.turns, found)), f"\n{changes}"


async def played(folder: Path, clock: HandTurned | DiscordsClock, praise: Praise, *stages: Stage) -> None:
    urls = [f"sqlite:///{folder}/{name}.db" for name in ("plein", "console")]
    scenario = read_scenario(SCENARIO)
    expected, found = await play(
        scenario, urls[0], clock, *stages, console_url=urls[1], installed=praise.installed
    )
    assert not (changes := difference(expected, found)), f"\n{changes}"


async def test_it_is_the_same_on_discord(tmp_path: Path, praise: Praise) -> None:
    async with Discord() as double:
        clock = DiscordsClock.at(NOW, double)
        await played(tmp_path, clock, praise, OnDiscord(double, clock))


async def test_it_is_the_same_on_matrix(homeserver: Homeserver, tmp_path: Path, praise: Praise) -> None:
    clock = HandTurned(NOW)
    await played(tmp_path, clock, praise, OnMatrix(homeserver, tmp_path / "matrix", clock))
