"""What is fair and calm about thanking: how often, whom, and what becomes of what does not stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.features.kudos.records import KUDOS, KudosSettings, Receiver
from bot.model.events import Mention, Reacted, Remark
from bot.model.message import Button, Message, residents_in, text
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

DAY = timedelta(days=1)
TWICE = "al. Morgen"
PEOPLE = ("anna", "ben", "cas", "dora", "eva", "fien", "gust", "hugo")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Where all of them are known, and were for longer than a week; Mia moderates."""
    async with open_town(database_url, moderators=("mia",)) as town:
        await town.joined("sport")
        for name in (*PEOPLE, "mia"):
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        town.clock.turn(8 * DAY)
        yield town


async def thank(town: Town, giver: str, *who: str, why: str = "voor al je hulp", more: str = "") -> str:
    return await town.say(giver, f'!bedankt "{", ".join(who)}" "{why}" {more}')


async def press(town: Town, name: str, command: str, room: str | None = None, **args: object) -> str:
    answer = await town.core.handle(town.asked(name, room=room, button=Button(text("typed"), command, args)))
    return words_of(answer) if answer else ""


async def put_sign(town: Town, who: str, whom: str | None, *, on: bool = True, writes: bool = True) -> None:
    """On what somebody said; of what a bot, a ghost, a webhook or Plein says adapters name nobody."""
    author = Mention(f"@{whom}", Identity(PLATFORM, whom), whom) if whom and on else None
    about = Remark(f"${whom}", town.clock.now(), f"https://chat.example/{whom}", author)
    asked = replace(town.asked(who), reacted=Reacted("🙏", on), about=about, by_post=True, public=True)
    await town.core.handle(replace(asked, writes=writes))


async def settle(town: Town) -> None:
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=3))
    await town.core.run_due()


async def wall(town: Town) -> str:
    return await town.say("hugo", "!bedankje muur")


async def number_of(town: Town, name: str) -> int:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    assert found
    return found.id


# --- oneself ---


async def test_oneself_is_refused_and_changes_nothing(town: Town) -> None:
    assert "Jezelf bedanken kan niet" in await thank(town, "anna", "anna")
    assert "Jezelf bedanken kan niet" in await thank(town, "anna", "ben", "anna")
    assert "Je werd nog niet bedankt" in await town.say("ben", "!bedankje mijn")


async def test_a_linked_account_is_oneself(town: Town) -> None:
    await town.linked("anna", "ben")
    assert "Jezelf bedanken kan niet" in await thank(town, "anna", "ben")


async def test_linking_makes_what_one_gave_oneself_void_which_is_said_once(town: Town) -> None:
    assert "staat in sport" in await thank(town, "anna", "ben")
    await town.say("ben", "!bedankje instellingen muur aan")
    assert "voor al je hulp" in await wall(town)
    await town.linked("anna", "ben")
    for _ in range(2):
        await settle(town)
    said = [words for name in ("anna", "ben") for words in town.platform.where(name)]
    assert sum("telt niet meer" in words for words in said) == 1
    assert "nog leeg" in await wall(town)


async def test_the_others_whom_it_thanks_stay_thanked(town: Town) -> None:
    await thank(town, "anna", "ben", "cas")
    await town.linked("anna", "ben")
    await settle(town)
    assert "voor al je hulp" in await town.say("cas", "!bedankje mijn")
    assert "nog niet bedankt" in await town.say("ben", "!bedankje mijn")
    await settle(town)
    said = [words for name in ("anna", "ben") for words in town.platform.where(name)]
    assert sum("telt niet meer" in words for words in said) == 1


# --- who is new ---


async def test_what_a_new_account_gives_is_read_and_counts_nowhere_else(town: Town) -> None:
    assert "staat in sport" in await thank(town, "nina", "ben")
    assert "staat in sport" in await thank(town, "anna", "ben")
    await town.say("ben", "!bedankje instellingen muur aan")
    assert (await wall(town)).count("voor al je hulp") == 2

    def early(tx: Transaction) -> list[bool]:
        return [found.is_early for number in (1, 2) if (found := tx.of(KUDOS).look(number))]

    assert await town.core.store.run(early) == [True, False]
    town.clock.turn(8 * DAY)
    await thank(town, "nina", "ben")
    assert not (await town.core.store.run(lambda tx: tx.of(KUDOS).look(3))).is_early  # type: ignore[union-attr]


# --- how often ---


async def test_five_a_day_and_the_sixth_says_when_again(town: Town) -> None:
    for name in PEOPLE[1:6]:
        assert "staat in sport" in await thank(town, "anna", name)
    answer = await town.core.handle(town.asked("anna", '!bedankt gust "voor al je hulp"'))
    assert answer
    assert "Je bedankte vandaag al 5 keer" in words_of(answer)
    (button,) = answer.buttons
    assert button.command == "remind me"
    assert "“iemand bedanken”" in await press(town, "anna", button.command, **button.args)
    # In Brussels it is another day from eleven in the evening on, as clocks there say in Greenwich.
    midnight = datetime(2026, 12, 9, 23, tzinfo=UTC)
    town.clock.turn_to(midnight - timedelta(seconds=1))
    assert "vandaag al 5 keer" in await thank(town, "anna", "gust")
    town.clock.turn_to(midnight)
    assert "staat in sport" in await thank(town, "anna", "gust")


async def test_taking_back_gives_none_of_the_day_back(town: Town) -> None:
    for name in PEOPLE[1:6]:
        await thank(town, "anna", name)
    assert "is ingetrokken" in await town.say("anna", "!bedankje intrekken")
    assert "vandaag al 5 keer" in await thank(town, "anna", "gust")


async def test_how_many_a_day_the_community_says(town: Town) -> None:
    town.configure(KudosSettings(thanks_a_day=1))
    await thank(town, "anna", "ben")
    assert "vandaag al 1 keer" in await thank(town, "anna", "cas")


async def test_two_accounts_of_one_person_share_the_five_of_a_day(town: Town) -> None:
    for giver, name in zip(("anna", "ben", "anna", "ben", "anna"), PEOPLE[2:7], strict=True):
        if name == "dora":
            await town.linked("anna", "ben")
        await thank(town, giver, name)
    for giver in ("anna", "ben"):
        assert "vandaag al 5 keer" in await thank(town, giver, "hugo")


async def test_signs_and_words_share_the_five_of_a_day(town: Town) -> None:
    for name in PEOPLE[1:4]:
        await thank(town, "anna", name)
    for name in PEOPLE[4:6]:
        await put_sign(town, "anna", name)
    assert "vandaag al 5 keer" in await thank(town, "anna", "gust")
    await put_sign(town, "anna", "gust")
    assert "nog niet bedankt" in await town.say("gust", "!bedankje mijn", room=None)


async def test_a_day_of_25_hours_is_one_day(town: Town) -> None:
    """On the last Sunday of October clocks in Brussels show the hour from two to three twice."""
    town.clock.turn_to(datetime(2027, 10, 30, 22, tzinfo=UTC))
    for name in PEOPLE[1:6]:
        await thank(town, "anna", name)
    town.clock.turn(timedelta(hours=24, minutes=59))
    assert "vandaag al 5 keer" in await thank(town, "anna", "gust")
    town.clock.turn(timedelta(minutes=1))
    assert "staat in sport" in await thank(town, "anna", "gust")


async def test_one_a_pair_a_day_again_once_it_was_taken_back(town: Town) -> None:
    await thank(town, "anna", "ben")
    assert TWICE in await thank(town, "anna", "ben")
    assert TWICE in await thank(town, "anna", "cas", "ben")
    await town.say("anna", "!bedankje intrekken 1")
    assert "staat in sport" in await thank(town, "anna", "ben")
    town.clock.turn(DAY)
    assert "staat in sport" in await thank(town, "anna", "ben")


async def test_two_accounts_of_one_person_are_one_pair(town: Town) -> None:
    await town.linked("ben", "cas")
    await thank(town, "anna", "ben")
    assert TWICE in await thank(town, "anna", "cas")


async def test_ten_at_once_are_one_of_the_day_and_groups_two_a_week(town: Town) -> None:
    group = PEOPLE[1:5]
    for _ in range(2):
        assert "staat in sport" in await thank(town, "anna", *group)
        town.clock.turn(DAY)
    assert "al 2 keer meer dan 3 mensen" in await thank(town, "anna", *group)
    assert "staat in sport" in await thank(town, "anna", *group[:3])
    town.clock.turn(6 * DAY)
    assert "staat in sport" in await thank(town, "anna", *group)


async def test_a_group_is_one_message(town: Town) -> None:
    await thank(town, "anna", *PEOPLE[1:])
    await settle(town)
    assert sum("🙏" in words for words in town.platform.where("sport")) == 1


# --- thanking for thanks ---


async def test_thanks_for_thanks_stand_under_the_first_for_a_day(town: Town) -> None:
    await thank(town, "anna", "ben")
    assert "terug. Dat staat onder het eerste" in await thank(town, "ben", "anna", why="graag gedaan hoor")
    await settle(town)
    assert "bedankt terug: “graag gedaan hoor”" in town.platform.where("sport")[-1]
    assert "hier al voor terug" in await thank(town, "ben", "anna", why="en nog eens")
    # It is none of those of the day, and no other on anybody's list.
    assert "nog niet bedankt" in await town.say("anna", "!bedankje mijn")
    town.clock.turn(DAY)
    assert "staat in sport" in await thank(town, "ben", "anna")


async def test_who_thanks_back_does_so_once_taken_back_or_not(town: Town) -> None:
    await town.say("anna", "!help", room=None)
    await thank(town, "anna", "ben")
    for number in range(5):
        await thank(town, "ben", "anna", why=f"jij idioot nummer {number}")
        await town.say("ben", "!bedankje intrekken")
        await settle(town)
    assert len([words for words in town.platform.where("anna") if "idioot" in words]) == 2


async def test_who_wants_no_thanks_is_not_thanked_back_either(town: Town) -> None:
    await thank(town, "anna", "ben")
    await town.say("anna", "!bedankje instellingen uit")
    assert "Bedankjes via Plein wil" in await press(town, "ben", "kudos back", kudos=1)


async def test_who_moderates_does_not_read_who_is_thanked_alone(town: Town) -> None:
    await town.core.store.run(lambda tx: tx.people.grant(Identity(PLATFORM, "hugo"), Role.MODERATOR))
    await town.say("ben", "!bedankje instellingen privé")
    await thank(town, "anna", "ben", "cas", why="voor de soep van Dora")
    ben = await number_of(town, "ben")
    asked = await town.core.handle(town.asked("mia", "!bedankje verwijder 1 --reden Onaardig"))
    assert asked
    assert ben not in {who.id for who in residents_in(asked)}
    await town.core.handle(town.asked("dora", "!vergeet mij --zeker", room=None))
    await settle(town)
    # Who gave it, and Cas.
    assert [words.count("een bewoner") for words in town.platform.where("hugo")] == [2]
    await town.say("mia", "!bedankje verwijder 1 --reden Onaardig --zeker")
    await settle(town)
    # The moderator too.
    assert town.platform.where("hugo")[-1].count("een bewoner") == 3


async def test_thanks_for_what_thanked_others_too_are_no_reply(town: Town) -> None:
    who = [f"resident:{await number_of(town, 'ben')}", "name:oma"]
    await press(town, "anna", "kudos give", room="sport", who=who, reason="voor de taart")
    assert "staat in sport" in await thank(town, "ben", "anna")


async def test_who_was_not_thanked_by_it_thanks_nobody_back(town: Town) -> None:
    await thank(town, "anna", "ben")
    assert "geen bedankje 1 voor jou" in await press(town, "cas", "kudos back", kudos=1)


# --- what is no thanks ---


async def test_whom_it_thanks_hides_it_at_once(town: Town) -> None:
    await town.say("ben", "!bedankje instellingen muur aan")
    await thank(town, "anna", "ben", why="voor je domme gezicht")
    await settle(town)
    assert "Niemand anders ziet nog" in await town.say("ben", "!bedankje verberg 1")
    await settle(town)
    assert "niet meer voor iedereen" in town.platform.where("sport")[-1]
    assert "nog leeg" in await wall(town)
    assert "geen bedankje 1 voor jou" in await town.say("cas", "!bedankje verberg 1")


async def test_a_moderator_removes_it_and_all_whom_it_concerns_read_why(town: Town) -> None:
    await town.core.store.run(lambda tx: tx.people.grant(Identity(PLATFORM, "hugo"), Role.MODERATOR))
    await thank(town, "anna", "ben", why="voor je domme gezicht")
    assert "moderator" in await town.say("cas", "!bedankje verwijder 1 --reden Kwetsend")
    assert "is weggehaald" in await town.say("mia", "!bedankje verwijder 1 --reden Kwetsend --zeker")
    await settle(town)
    for name in ("anna", "ben", "hugo"):
        assert any("“Kwetsend”" in words for words in town.platform.where(name)), name
    assert "“Kwetsend”" in town.platform.where("sport")[-1]
    assert "al niet meer" in await town.say("mia", "!bedankje verwijder 1 --reden Kwetsend")


async def test_who_is_thanked_hears_that_it_was_taken_back(town: Town) -> None:
    await thank(town, "anna", "ben")
    await settle(town)
    await town.say("anna", "!bedankje intrekken 1")
    await settle(town)
    assert "trok dit bedankje aan jou in" in town.platform.where("ben")[-1]


async def test_removing_ones_own_message_takes_it_back(town: Town) -> None:
    asked = town.asked("anna", '!bedankt ben "voor al je hulp"')
    await town.core.handle(asked)
    removed = town.asked("cas")
    assert await town.core.take_back(removed, asked.id) is None
    answer = await town.core.take_back(town.asked("anna"), asked.id)
    assert isinstance(answer, Message)
    assert "is ingetrokken" in words_of(answer)
    assert "nog niet bedankt" in await town.say("ben", "!bedankje mijn")


async def test_who_may_not_write_there_thanks_nobody(town: Town) -> None:
    refused = await town.core.handle(
        replace(town.asked("anna", '!bedankt ben "voor al je hulp"'), writes=False)
    )
    assert refused
    assert "staat in" not in words_of(refused)
    assert "nog niet bedankt" in await town.say("ben", "!bedankje mijn")


async def test_who_may_not_write_there_thanks_nobody_by_a_sign_either(town: Town) -> None:
    await put_sign(town, "anna", "ben", writes=False)
    assert "nog niet bedankt" in await town.say("ben", "!bedankje mijn", room=None)
    await put_sign(town, "anna", "ben")
    await put_sign(town, "anna", "ben", on=False)
    await put_sign(town, "anna", "ben", writes=False)
    assert "nog niet bedankt" in await town.say("ben", "!bedankje mijn", room=None)


@pytest.mark.parametrize(
    "whom", ["<@157642990628>", "<@!157642990628>", "@Plein", "@plein:dorp.be", "Plein#1234@x"]
)
async def test_what_has_an_account_and_is_no_resident_is_thanked_by_no_name_either(
    town: Town, whom: str
) -> None:
    """A bot, a bridge's ghost, Plein itself: what names them is no person to whom it belongs."""
    said = "Ik ken hier niemand die"
    assert said in await town.say("anna", f'!bedankt {whom} "voor al je hulp"')
    assert said in await thank(town, "anna", whom, "ben")
    named = {"who": [f"name:{whom}"], "reason": "voor al je hulp"}
    assert said in await press(town, "anna", "kudos give", room="sport", **named)
    assert await town.core.store.run(lambda tx: tx.of(KUDOS).look(1)) is None


async def test_whose_message_nobody_knows_is_thanked_for_by_nobody(town: Town) -> None:
    await put_sign(town, "anna", None)
    assert await town.core.store.run(lambda tx: tx.of(KUDOS).look(1)) is None


# --- more ---


async def test_who_is_forgotten_takes_nothing_from_others(town: Town) -> None:
    for name in ("ben", "cas"):
        await town.say(name, "!bedankje instellingen muur aan")
    await thank(town, "anna", "ben", why="voor de soep van Cas")
    await thank(town, "cas", "ben", why="voor de koffie")
    await thank(town, "ben", "cas", "dora", why="voor de taarten")
    await town.core.handle(town.asked("cas", "!vergeet mij --zeker", room=None))
    said = await town.say("ben", "!bedankje mijn")
    assert "“voor de soep van Cas”" in said
    assert "“voor de koffie”" in said
    await settle(town)
    # A moderator sees once what names them, and takes that away.
    asked = [words for words in town.platform.where("mia") if "vergeten" in words]
    assert len(asked) == 1
    assert "“voor de soep van Cas”" in asked[0]
    assert "moderator" in await press(town, "dora", "kudos blank", kudos=1)
    assert "is weggehaald" in await press(town, "mia", "kudos blank", kudos=1)
    await settle(town)
    assert "soep" not in town.platform.where("sport")[-1]
    assert any("de reden is weggehaald" in words for words in town.platform.where("ben"))
    for words in (await town.say("ben", "!bedankje mijn"), await wall(town)):
        assert "de reden is weggehaald" in words
        assert "soep" not in words
    await settle(town)
    assert sum("vergeten" in words for words in town.platform.where("mia")) == 1


@pytest.mark.parametrize(
    ("reason", "is_shown"),
    [
        ("voor wat CAS deed", True),
        ("cas, voor de soep", True),
        ("voor Câs en zijn soep", True),
        ("voor de casting van het stuk", False),
        ("in dit geval: voor alles", False),
    ],
)
async def test_what_names_who_was_forgotten_is_found_by_whole_words(
    town: Town, reason: str, is_shown: bool
) -> None:
    await thank(town, "anna", "ben", why=reason)
    await town.core.handle(town.asked("cas", "!vergeet mij --zeker", room=None))
    await settle(town)
    assert any("vergeten" in words for words in town.platform.where("mia")) is is_shown


async def test_a_name_without_an_account_may_be_who_was_forgotten(town: Town) -> None:
    await press(town, "anna", "kudos give", room="sport", who=["name:Cas"], reason="voor de taart")
    await town.core.handle(town.asked("cas", "!vergeet mij --zeker", room=None))
    await settle(town)
    assert any("aan Cas: “voor de taart”" in words for words in town.platform.where("mia"))
    await press(town, "mia", "kudos blank", kudos=1)
    await settle(town)
    assert "Cas" not in town.platform.where("sport")[-1]
    # What they were asked says it no more either.
    assert "Cas" not in town.platform.where("mia")[-1]


async def test_why_something_was_taken_away_may_name_who_was_forgotten(town: Town) -> None:
    await thank(town, "anna", "ben", why="voor je hulp aan Cas")
    await town.say("mia", '!bedankje verwijder 1 --reden "Cas wil dat niet" --zeker')
    await settle(town)
    await town.core.handle(town.asked("cas", "!vergeet mij --zeker", room=None))
    await settle(town)
    assert any("misschien genoemd wordt waar" in words for words in town.platform.where("mia"))
    await press(town, "mia", "kudos blank", kudos=1)
    await settle(town)
    assert town.platform.where("sport")[-1] == "Een moderator haalde dit bedankje weg."
    rows = await town.core.store.run(lambda tx: list(tx.of(KUDOS).words()))
    assert rows == []


async def test_what_a_claim_says_goes_with_who_is_forgotten(town: Town) -> None:
    await press(town, "anna", "kudos give", room="sport", who=["name:oma"], reason="voor de taart")
    assert "moderator kijkt na" in await town.say("cas", "!bedankje claim 1")
    whom = f"resident:{await number_of(town, 'cas')}"
    await town.core.handle(town.asked("cas", "!vergeet mij --zeker", room=None))
    await press(town, "mia", "kudos agree", kudos=1, whom=whom)
    found = await town.core.store.run(lambda tx: tx.of(KUDOS).look(1))
    assert found
    assert found.receivers == (Receiver(None, "oma"),)
    assert "moderator kijkt na" in await town.say("ben", "!bedankje claim 1")


async def test_whoever_claims_what_they_gave_by_another_account_is_not_thanked(town: Town) -> None:
    """A second account of who gave it, linked between asking and agreeing."""
    await press(town, "anna", "kudos give", room="sport", who=["name:oma"], reason="voor de taart")
    await town.say("cas", "!bedankje claim 1")
    await town.linked("anna", "cas")
    whom = f"resident:{await number_of(town, 'cas')}"
    assert "blijft zoals het is" in await press(town, "mia", "kudos agree", kudos=1, whom=whom)


async def test_no_moderator_agrees_with_their_own(town: Town) -> None:
    await press(town, "anna", "kudos give", room="sport", who=["name:oma"], reason="voor de taart")
    assert "niemand anders" in await town.say("mia", "!bedankje claim 1")
    await town.core.store.run(lambda tx: tx.people.grant(Identity(PLATFORM, "hugo"), Role.MODERATOR))
    await town.say("mia", "!bedankje claim 1")
    whom = f"resident:{await number_of(town, 'mia')}"
    assert "andere moderator" in await press(town, "mia", "kudos agree", kudos=1, whom=whom)
    assert "moderator" in await press(town, "cas", "kudos agree", kudos=1, whom=whom)
    assert "is nu van mia" in await press(town, "hugo", "kudos agree", kudos=1, whom=whom)
    assert "al beslist" in await press(town, "hugo", "kudos agree", kudos=1, whom=whom)


async def test_what_is_claimed_is_read_as_they_like_it(town: Town) -> None:
    await press(town, "anna", "kudos give", room="sport", who=["name:oma"], reason="voor de taart")
    await town.say("cas", "!bedankje instellingen privé")
    await town.say("cas", "!bedankje claim 1")
    whom = f"resident:{await number_of(town, 'cas')}"
    await press(town, "mia", "kudos agree", kudos=1, whom=whom)
    await settle(town)
    assert "taart" not in town.platform.where("sport")[-1]
    assert "taart" in await town.say("cas", "!bedankje mijn")


async def test_what_is_claimed_is_on_the_wall_only_where_they_agree(town: Town) -> None:
    await press(town, "anna", "kudos give", room="sport", who=["name:oma"], reason="voor de taart")
    await town.say("cas", "!bedankje claim 1")
    whom = f"resident:{await number_of(town, 'cas')}"
    await press(town, "mia", "kudos agree", kudos=1, whom=whom)
    assert "nog leeg" in await wall(town)
    await town.say("cas", "!bedankje instellingen muur aan")
    assert "“voor de taart”" in await wall(town)


async def test_thanks_in_a_theme_are_for_who_is_in_it(town: Town) -> None:
    """Whoever is in none of its places reads them on no wall, and claims nothing there."""
    await town.joined("muziek", theme="muziek")
    await town.say("ben", "!bedankje instellingen muur aan")
    await press(town, "anna", "kudos give", room="sport", who=["name:oma"], reason="voor de taart")
    await thank(town, "anna", "ben")
    assert "nog leeg" in await town.say("zoe", "!bedankje muur", room="muziek")
    assert "Er is geen bedankje 1" in await town.say("zoe", "!bedankje claim 1", room="muziek")
    assert "hulp" not in await town.say("zoe", "!bedankje muur --thema sport", room="muziek")


async def test_who_talks_in_private_later_is_asked_about_the_wall_by_then(town: Town) -> None:
    await town.say("otto", "!help")
    await thank(town, "anna", "otto")
    await settle(town)
    assert town.platform.where("otto") == []
    await town.say("otto", "!help", room=None)
    await settle(town)
    await thank(town, "ben", "otto")
    await settle(town)
    asked = ["Mogen bedankjes aan jou op de muur" in said for said in town.platform.where("otto")]
    assert asked == [True, False]


async def test_what_either_account_hid_is_hidden_once_they_are_one_person(town: Town) -> None:
    for name in ("ben", "cas"):
        await town.say(name, "!bedankje instellingen muur aan")
    await thank(town, "anna", "ben", "cas", "dora")
    await town.say("cas", "!bedankje verberg 1")
    await town.linked("ben", "cas")
    await settle(town)
    assert "nog niet bedankt" in await town.say("ben", "!bedankje mijn")
    assert "nog leeg" in await wall(town)


# --- who was several people that day ---

GIVEN = ("staat in sport", "leest je bedankje")


async def given_by(town: Town, giver: str, *who: str) -> int:
    """How many of these they can thank."""
    answers = [await thank(town, giver, each) for each in who]
    return sum(any(words in answer for words in GIVEN) for answer in answers)


async def test_parting_gives_nobody_the_day_anew(town: Town) -> None:
    for most in (5, 0, 0):
        assert await given_by(town, "ben", *PEOPLE[2:]) == most
        await town.linked("anna", "ben")
        await town.parted("ben")
    town.clock.turn(DAY)
    assert await given_by(town, "ben", *PEOPLE[2:]) == 5


async def test_parting_lets_nobody_thank_the_same_person_again_that_day(town: Town) -> None:
    await thank(town, "ben", "cas")
    await town.linked("anna", "ben")
    assert TWICE in await thank(town, "anna", "cas")
    await town.parted("ben")
    for name in ("anna", "ben"):
        assert TWICE in await thank(town, name, "cas")


async def test_who_was_forgotten_and_comes_back_goes_on_with_the_day(town: Town) -> None:
    assert await given_by(town, "ben", *PEOPLE[2:6]) == 4
    await town.say("ben", "!vergeet mij --zeker", room=None)
    await settle(town)
    town.clock.turn(timedelta(minutes=1))
    assert TWICE in await thank(town, "ben", "cas")
    assert await given_by(town, "ben", *PEOPLE[6:]) == 1


async def test_what_is_taken_back_counts_still_for_whoever_parted(town: Town) -> None:
    assert await given_by(town, "ben", *PEOPLE[2:7]) == 5
    await town.say("ben", "!bedankje intrekken")
    await town.linked("anna", "ben")
    await town.parted("ben")
    assert "vandaag al 5 keer" in await thank(town, "ben", "hugo")
