"""What moderators set for their community, as people type it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from bot.features.communities import Setting
from bot.features.meetings.settings import MeetingsSettings
from bot.main.features import FEATURES, Installed
from bot.model.people import Role
from tests.doubles.platform import open_town, words_of


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("tegelijk 4", "Open peilingen van één persoon: vanaf nu 4."),
        ("at_once 4", "Open peilingen van één persoon: vanaf nu 4."),
        ("at once 4", "Open peilingen van één persoon: vanaf nu 4."),
        ("At-Once 4", "Open peilingen van één persoon: vanaf nu 4."),
        ("per dag 7", "Nieuwe peilingen van één persoon per dag: vanaf nu 7."),
        ("tegelijk -", "Open peilingen van één persoon: weer zoals het was ingesteld, 10."),
        ("taal Engels", "Taal: vanaf nu Engels."),
        ("taal english", "Taal: vanaf nu Engels."),
        ("taal en", "Taal: vanaf nu Engels."),
        ("wie-plant iedereen", "Wie een bijeenkomst mag plannen: vanaf nu iedereen."),
        ("planner burgemeester", "“burgemeester” is geen keuze. Typ `iedereen`"),
        ("duur 60", "Minuten die een bijeenkomst gewoonlijk duurt: vanaf nu 60."),
        ("duur 4", "Typ een getal van 5 tot 1440."),
        ("tegelijk 0", "Typ een getal van 1 tot 1000."),
        ("herinner 2d, 90m", "seintje komt: vanaf nu 2 dagen en 90 minuten vooraf."),
        ("herinner 1 week en 1 uur", "seintje komt: vanaf nu 7 dagen en 1 uur vooraf."),
        ("herinner geen", "seintje komt: vanaf nu geen."),
        ("herinner -", "weer zoals het was ingesteld, 7 dagen, 1 dag en 1 uur vooraf."),
        ("herinner 1m", "Typ hoelang vooraf"),
        ("herinner 1d,2d,3d,4d,5d,6d", "Typ hoelang vooraf"),
        ("herinner morgen", "Typ hoelang vooraf"),
        ("gepland 5", "Bijeenkomsten van één persoon die nog komen: vanaf nu 5."),
        ("plannen-per-dag 3", "Nieuwe bijeenkomsten van één persoon per dag: vanaf nu 3."),
        ("stilte 21u-7u", "Stille uren, waarin niemand een herinnering krijgt: vanaf nu 21:00-07:00."),
        ("taal Frans", "“Frans” spreek ik niet. Kies uit Nederlands of Engels."),
    ],
)
async def test_a_setting_is_called_as_people_call_it(database_url: str, typed: str, said: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        asked = replace(town.asked("mo", f"!gemeenschap stel in {typed}"), role=Role.MODERATOR)
        answer = await town.core.handle(asked)
        assert answer
        assert said in words_of(answer)


async def test_what_is_set_for_meetings_holds_for_the_next_and_who_set_it_is_kept(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        plan = '!bijeenkomst plan "Sportraad" "8 december 19u30" --plaats Dorpshuis'
        assert "1 uur en 30 minuten" in await town.say("mia", plan)
        assert "organisator" in await town.say("anna", plan)
        for words in ("duur 45", "herinner 2d", "planner iedereen"):
            assert "vanaf nu" in await town.say("mia", f"!gemeenschap stel in {words}")
        said = await town.say("anna", plan)
        assert "duurt 45 minuten" in said
        assert "2 dagen vooraf" in said
        said = await town.say("mia", "!gemeenschap toon")
        assert "Wanneer er gewoonlijk een seintje komt (`herinner`): 2 dagen vooraf" in said
        assert "mia zette “Wanneer er gewoonlijk een seintje komt” op 2 dagen vooraf." in said
        town.configure(MeetingsSettings(minutes=30, remind="1u"))
        await town.say("mia", "!gemeenschap stel in duur -")
        assert "duurt 30 minuten" in await town.say("anna", plan)
        assert "moderator" in await town.say("anna", "!gemeenschap stel in duur 60")


def test_no_two_settings_are_called_the_same() -> None:
    """What is set in the chat is of one section."""
    names = [name for feature in FEATURES for name in _fields(feature)]
    assert not [name for name in {*names} & {*map(str, Setting)} if names.count(name) > 1]


def _fields(installed: Installed) -> Collection[str]:
    section = installed.feature.settings
    return section.model_fields if section else ()


@pytest.mark.parametrize("kept", ["", "7d,1d,1h", "90m", "60d,5m"])
def test_moments_are_kept_as_they_are_read_again(kept: str) -> None:
    once = MeetingsSettings(remind=kept).remind
    assert once == kept == MeetingsSettings(remind=once).remind
