"""What moderators set for their community, as people type it."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
