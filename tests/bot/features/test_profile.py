"""What residents say of themselves: how their words are read, who sees them, and who tries to abuse it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.clock import HandClock
from bot.errors import UserError
from bot.features.residents.entries import LONGEST, MOST, MOST_WORDS, topics_in
from bot.features.residents.name import CHANGES, CHANGES_WITHIN
from bot.features.residents.profile import ASKED
from bot.model.message import Message, text
from bot.model.people import Identity, Known, Resident
from bot.names import folded
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW, Chat, open_chat
from tests.doubles.linking import ask, kept, key, link, press, resident, say

ANN, BEN, BENNY, EVE, MIA = "ann@discord", "ben@discord", "benny@matrix", "eve@signal", "mia@discord"
ANDS = ["and", "en", "&"]
COMMANDS = ["me name", "me interests", "me expertise", "me for", "who knows", "who is"]
# Invisible characters are refused before anything is read; see tests/bot/test_unseen.py.
NASTY = [
    "@everyone",
    "@room",
    "<@1>",
    "<@&2>",
    "**bold** _it_ ||x||",
    "`code`",
    "<b>x</b>",
    "[a](http://x.test)",
    "# top",
    "a\\*b",
]


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    clock = HandClock(NOW)
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=clock) as chat:
        for who in (ANN, BEN, BENNY, EVE, MIA):
            await chat.say(f"{who}/square: good evening")  # they are there, and nothing is known of them
        yield chat


# --- the words ---


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["geluid, fietsen"], ("geluid", "fietsen")),
        (["geluid,fietsen en muziek."], ("geluid", "fietsen", "muziek")),
        (["noise; cycling, and first aid"], ("noise", "cycling", "first aid")),
        (["food and drink"], ("food and drink",)),
        (["Geluid, geluid,  GELUID "], ("Geluid",)),
        (["#geluid", "- fietsen"], ("geluid", "fietsen")),
        (['"sociale media", «EHBO»'], ("sociale media", "EHBO")),
        (["C++, C#, .NET, 't Zwin"], ("C++", "C#", ".NET", "'t Zwin")),
        (["geluid?"], ("geluid",)),
        ([" , ,, "], ()),
        (["日本語、絵"], ("日本語", "絵")),
        (["موسيقى، رياضة"], ("موسيقى", "رياضة")),
    ],
)
def test_words_are_read_as_people_list_them(typed: list[str], read: tuple[str, ...]) -> None:
    assert topics_in(typed, ANDS) == read


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("I love to walk my dog", "profile.sentence"),
        ("x" * (LONGEST + 1), "profile.sentence"),
        ("x" * 10_000, "profile.sentence"),
        ("⚽", "profile.wordless"),
        ("geluid, 🏀", "profile.wordless"),
    ],
)
def test_what_is_no_word_is_told(typed: str, answer: str) -> None:
    with pytest.raises(UserError) as error:
        topics_in([typed], ANDS)
    assert error.value.text.key == answer
    assert len(error.value.text.values["words"]) <= 60


@given(st.lists(st.text(max_size=60), max_size=6))
@example([",", " and "])
@example(["a, en"])
@example(["*,*, -  - a"])
def test_whatever_is_typed_becomes_short_words_each_once(typed: list[str]) -> None:
    try:
        found = topics_in(typed, ANDS)
    except UserError:
        return
    assert all(0 < len(word) <= LONGEST and len(word.split()) <= MOST_WORDS for word in found)
    assert all(any(map(str.isalnum, word)) for word in found)
    assert len({folded(word) for word in found}) == len(found)
    assert not any(set(word) & set(",;\n") for word in found)


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=9, unique=True))
def test_a_list_that_was_shown_is_read_as_it_was(words: list[str]) -> None:
    assert list(topics_in([", ".join(words)], ANDS)) == words


# --- names ---


async def test_a_name_is_none_of_a_moderators(chat: Chat) -> None:
    """Of who moderates the community."""
    await say(chat, f"{MIA}/sport: !help")
    await say(chat, f"{EVE}/own: !help")
    await say(chat, f"role {MIA} moderator")
    for twin in ("Mia", "mia", "M\u0456a", "M1a", "m i a"):
        assert key(await ask(chat, BEN, f"!me name {twin}")) == "profile.name.moderators"
    assert (await kept(chat, BEN))["residents"][0]["name"] == "ben"
    assert key(await ask(chat, MIA, "!me name MIA")) == "profile.name.set"


async def test_a_name_is_kept_whatever_the_platform_says(chat: Chat) -> None:
    assert key(await ask(chat, BEN, "!me name  Ann   Peeters ")) == "profile.name.set"
    shown = await ask(chat, BEN, "!me show")
    assert shown.lines[0].values["name"] == "Ann Peeters"
    assert key(await ask(chat, BEN, "!me name")) == "profile.name.own"
    back = await press(chat, BEN, await ask(chat, BEN, "!me name Bea"))
    assert (key(back), back.lines[0].values["name"]) == ("profile.name.reset", "ben")
    assert key(await ask(chat, BEN, "!me name --reset")) == "profile.name.none"


async def test_whoever_is_called_otherwise_all_the_time_is_to_wait(chat: Chat) -> None:
    for number in range(CHANGES):
        assert key(await ask(chat, BEN, f"!me name Ben {'x' * (number + 1)}")) == "profile.name.set"
    assert key(await ask(chat, BEN, "!me name Benjamin")) == "profile.name.often"
    assert await name_of(chat, BEN) == f"Ben {'x' * CHANGES}"
    assert key(await ask(chat, BEN, "!me name --reset")) == "profile.name.reset", "back one always can"
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn_to(clock.now() + CHANGES_WITHIN + timedelta(minutes=1))
    assert key(await ask(chat, BEN, "!me name Benjamin")) == "profile.name.set"


async def test_the_elders_name_stays_unless_the_younger_chose_one(chat: Chat) -> None:
    await say(chat, f"{BEN}/sport: !help")
    await ask(chat, BENNY, "!me name Bennie")
    done = await link(chat, BEN, BENNY)
    assert (await name_of(chat, BEN), await name_of(chat, BENNY)) == ("Bennie", "Bennie")
    await press(chat, BEN, done)
    assert (await name_of(chat, BEN), await name_of(chat, BENNY)) == ("ben", "Bennie")
    assert key(await ask(chat, BENNY, "!me name --reset")) == "profile.name.reset"
    assert await name_of(chat, BENNY) == "benny"


async def test_who_is_linked_and_chose_both_is_called_as_the_elder(chat: Chat) -> None:
    await ask(chat, BEN, "!me name Ann")
    await ask(chat, BENNY, "!me name Bennie")
    done = await link(chat, BEN, BENNY)
    assert await name_of(chat, BENNY) == "Ann"
    # A third name is chosen by the one that they are: it stays with who was here first.
    await ask(chat, BENNY, "!me name Cas")
    await press(chat, BEN, done)
    assert (await name_of(chat, BEN), await name_of(chat, BENNY)) == ("Cas", "Bennie")


async def test_back_to_the_platforms_name_is_one_name_for_all_accounts(chat: Chat) -> None:
    await ask(chat, BEN, "!me name Ann")
    await link(chat, BEN, BENNY)
    assert key(await ask(chat, BENNY, "!me name --reset")) == "profile.name.reset"
    assert await name_of(chat, BEN) == await name_of(chat, BENNY) == "benny"


async def name_of(chat: Chat, who: str) -> str:
    await ask(chat, who, "!help")
    return str((await kept(chat, who))["residents"][0]["name"])


# --- the lists ---


async def words_of(chat: Chat, who: str, kind: str) -> list[tuple[str, bool]]:
    return [
        (entry["words"], entry["shown"])
        for entry in (await kept(chat, who))["profile_entries"]
        if entry["kind"] == kind
    ]


async def found(chat: Chat, who: str, topic: str) -> list[str]:
    said = await ask(chat, who, f"!who knows {topic}")
    return [line.values["who"].name for line in said.lines if "who" in line.values]


async def test_a_list_is_added_to_taken_from_and_cleared(chat: Chat) -> None:
    await ask(chat, BEN, "!me interests a, b")
    await ask(chat, BEN, "!me interests B, c")
    assert await words_of(chat, BEN, "interests") == [("a", False), ("b", False), ("c", False)]
    assert key(await ask(chat, BEN, "!me interests --remove A, x")) == "profile.not_listed"
    await ask(chat, BEN, "!me interests d --remove A")
    assert await words_of(chat, BEN, "interests") == [("b", False), ("c", False), ("d", False)]
    await ask(chat, BEN, "!me interests e --clear")
    assert await words_of(chat, BEN, "interests") == [("e", False)]
    assert key(await ask(chat, BEN, "!me interests --clear")) == "profile.interests.none"


async def test_fifty_are_too_many_and_nothing_changes(chat: Chat) -> None:
    await ask(chat, BEN, "!me interests a")
    many = ", ".join(f"hobby {number}" for number in range(50))
    said = await ask(chat, BEN, f"!me interests {many}")
    assert (key(said), said.lines[0].values) == ("profile.many", {"count": 51, "most": MOST})
    assert await words_of(chat, BEN, "interests") == [("a", False)]


async def test_what_comes_to_a_list_is_seen_by_who_sees_it(chat: Chat) -> None:
    await ask(chat, BEN, "!me expertise noise --show")
    await ask(chat, BEN, "!me expertise water")
    assert await found(chat, EVE, "water") == ["ben"]
    await ask(chat, BEN, "!me expertise --show --hide")
    assert await found(chat, EVE, "noise") == []
    await ask(chat, BEN, "!me expertise --show")
    assert await found(chat, EVE, "NOÏSE") == ["ben"]
    await ask(chat, BEN, "!me expertise --clear")
    await ask(chat, BEN, "!me expertise noise")
    assert await found(chat, EVE, "noise") == [], "begun anew, it is theirs alone"


async def test_interests_are_no_expertise(chat: Chat) -> None:
    await ask(chat, BEN, "!me interests noise --show")
    assert await found(chat, EVE, "noise") == []


async def test_asked_too_often_it_is_to_wait(chat: Chat) -> None:
    for number in range(ASKED):
        assert key(await ask(chat, EVE, f"!who knows topic {number}")) == "profile.knows.nobody"
    assert key(await ask(chat, EVE, "!who knows noise")) == "profile.knows.often"
    assert key(await ask(chat, ANN, "!who knows noise")) == "profile.knows.nobody"
    clock = chat.core.clock
    assert isinstance(clock, HandClock)
    clock.turn_to(clock.now() + timedelta(minutes=61))
    assert key(await ask(chat, EVE, "!who knows noise")) == "profile.knows.nobody"


async def test_nobody_hears_that_they_were_found(chat: Chat) -> None:
    await say(chat, f"{BEN}/sport: !me expertise noise --show")
    said = await say(chat, f"{EVE}/sport: !who knows noise")
    assert "ben" in said
    assert "> ben" not in said


async def test_linked_they_say_both_and_undone_each_has_back_its_own(chat: Chat) -> None:
    """What either kept to themselves is not shown by the one that they are."""
    await ask(chat, BEN, "!me expertise noise, water")
    await ask(chat, BENNY, "!me expertise Water, fire --show")
    done = await link(chat, BEN, BENNY)
    shown = await ask(chat, BEN, "!me expertise")
    assert [word.values["words"] for word in shown.lines[0].values["words"]] == ["noise", "water", "fire"]
    assert shown.lines[1].key == "profile.expertise.hidden"
    assert await found(chat, EVE, "fire") == []
    await press(chat, BEN, done)
    assert await words_of(chat, BEN, "expertise") == [("noise", False), ("water", False)]
    assert await words_of(chat, BENNY, "expertise") == [("Water", True), ("fire", True)]
    assert await found(chat, EVE, "water") == ["benny"]


async def test_who_leaves_begins_with_nothing(chat: Chat) -> None:
    await ask(chat, BEN, "!me interests noise")
    await link(chat, BEN, BENNY)
    await ask(chat, BENNY, "!me unlink --sure")
    assert await words_of(chat, BENNY, "interests") == []
    assert await words_of(chat, BEN, "interests") == [("noise", False)]


async def test_nothing_is_left_of_who_is_forgotten(chat: Chat) -> None:
    await ask(chat, BEN, "!me expertise noise --show")
    await chat.core.forget(await resident(chat, BEN))
    assert await found(chat, EVE, "noise") == []


# --- associations ---


async def moderated(chat: Chat) -> None:
    await say(chat, f"{MIA}/sport: !help")
    await say(chat, f"role {MIA} moderator")


async def test_only_a_moderator_of_the_community_names_associations(chat: Chat) -> None:
    for who in (BEN, EVE):
        assert key(await ask(chat, who, "!association name KSK", room="discord/sport")).startswith("role.")
    await moderated(chat)
    assert key(await ask(chat, MIA, "!association name X")) == "profile.association.length"
    assert key(await ask(chat, MIA, "!association name KSK Dorp")) == "profile.association.named"
    for twin in ("ksk dorp", "K.S.K. Dorp", "\u041aSK D\u043erp"):
        assert key(await ask(chat, MIA, f"!association name {twin}")) == "profile.association.there"
    assert key(await ask(chat, BEN, "!association retire KSK Dorp")).startswith("role.")


async def test_one_that_is_nobodys_is_answered_with_those_there_are(chat: Chat) -> None:
    assert key(await ask(chat, BEN, '!me for "KSK Dorp"')) == "profile.association.none"
    await moderated(chat)
    await ask(chat, MIA, "!association name KSK Dorp")
    said = await ask(chat, BEN, "!me for Chiro")
    assert key(said) == "profile.association.unknown"
    assert [known.values["words"] for known in said.lines[0].values["known"]] == ["KSK Dorp"]
    assert key(await ask(chat, BEN, "!me for ksk dorp")) == "profile.associations.are"
    assert key(await ask(chat, BEN, "!me for --remove KSK Dorp")) == "profile.associations.none"


async def test_retired_it_is_nobodys(chat: Chat) -> None:
    await moderated(chat)
    await ask(chat, MIA, "!association name KSK Dorp")
    await ask(chat, BEN, "!me for KSK Dorp --show")
    asked = await ask(chat, MIA, "!association retire KSK Dorp")
    assert key(asked) == "profile.association.sure"
    assert await words_of(chat, BEN, "associations") == [("KSK Dorp", True)]
    assert key(await press(chat, MIA, asked)) == "profile.association.retired"
    assert await words_of(chat, BEN, "associations") == []


# --- who tries to abuse it ---


@pytest.mark.parametrize("nasty", NASTY)
async def test_what_is_typed_is_only_a_value(nasty: str, chat: Chat) -> None:
    """No text of the catalogue holds it, and no button but as an argument: a renderer escapes it."""
    await say(chat, f"{EVE}/sport: !help")
    said = [
        await ask(chat, BEN, f"!me interests {nasty} --show", room="discord/sport"),
        await ask(chat, BEN, f"!me expertise {nasty} --show"),
        await ask(chat, EVE, f"!who knows {nasty}"),
        await ask(chat, BEN, f"!me for {nasty}"),
        await ask(chat, BEN, f"!me name {nasty}"),
        await ask(chat, BEN, "!me show"),
    ]
    for message in said:
        assert key(message) != "error.internal"
        check_escaped(message)


def check_escaped(message: Message) -> None:
    """Whatever was typed goes through the voice that escapes it: nothing of its own signs is left."""
    voice = Voice("en", BRUSSELS, NOW, escape=lambda words: "".join(filter(str.isalnum, words)))
    for words in message.words:
        assert not set(Texts().write(words, voice)) & set("@<>*_|#[]\\")


@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u2066", "\x07", "\u2800"])
@pytest.mark.parametrize(
    "command", ["me name", "me interests", "me expertise", "me for", "who knows", "who is"]
)
async def test_what_nobody_sees_is_refused(command: str, unseen: str, chat: Chat) -> None:
    assert key(await ask(chat, BEN, f"!{command} no{unseen}ise")) == "typed.unseen"
    taken: dict[str, Any] = {argument.name: f"no{unseen}ise" for argument in arguments(chat, command)}
    assert key(await ask(chat, BEN, command=command, **taken)) == "typed.unseen"


def arguments(chat: Chat, command: str) -> Any:
    commands = chat.core.commands
    return [
        argument
        for argument in commands.arguments(commands.by_path[command])
        if not argument.named and argument.needs_value
    ]


@pytest.mark.parametrize(
    "command", ["me name", "me interests", "me expertise", "me for", "who knows", "who is"]
)
@pytest.mark.parametrize("length", [5_000, 10_000])
async def test_what_is_too_long_is_told_in_few_words(command: str, length: int, chat: Chat) -> None:
    said = await ask(chat, BEN, f"!{command} {'x' * length}")
    assert key(said) != "error.internal"
    voice = Voice("en", BRUSSELS, NOW)
    assert sum(len(Texts().write(words, voice)) for words in said.words) < 500
    assert (await kept(chat, BEN))["profile_entries"] == []


async def test_a_name_of_their_own_is_shown_where_the_platform_shows_another() -> None:

    who = text("profile.knows.person", who=Resident(1, "ben"))
    account = (Identity("discord", "1"),)
    for own, shown in ((False, "<@1>"), (True, "Ann")):
        voice = Voice(
            "en", BRUSSELS, NOW, people={1: Known("Ann", account, own)}, person=lambda known: "<@1>"
        )
        assert Texts().write(who, voice) == shown
