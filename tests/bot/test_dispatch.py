"""From an invocation to its answer: once, wholly or not at all, and nothing leaks."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.dispatch import BESIDE_WITHIN, MOST_BESIDE, Dispatch
from bot.errors import Unsure, UserError
from bot.features.polls.records import POLLS
from bot.features.polls.settings import PollsSettings
from bot.model.events import Invocation, Mention
from bot.model.message import Button, Message, Suggestion, message, text, typed
from bot.model.people import Identity, Place, Role
from bot.model.work import Post
from bot.ports.storage import Transaction
from bot.texts import Texts
from storage.tables import handled, identities, members, residents
from storage.unit import Tx
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.doubles.polls import a_poll, counted


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        yield town


async def count(town: Town, number: int = 1) -> tuple[int, list[int]]:
    """The people and the votes; the running count and the ballots must agree."""
    return await town.core.store.run(lambda tx: counted(tx, number))


def doing(town: Town, run: object, role: Role = Role.RESIDENT) -> Dispatch:
    """A dispatch with one command of our own, `test it`."""
    commands = Commands([Command("test it", run, role)], Texts())  # type: ignore[arg-type]
    return Dispatch(town.core.store, town.clock, commands, town.core.communities, town.core.features)


TEST_IT = Button(text("typed"), "test it")


# --- once ---


async def test_the_same_invocation_twice_changes_nothing_and_answers_the_same(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B | C --choices 2')
    press = town.asked("ben", button=Button(text("typed"), "poll tick", {"poll": 1, "option": 2}))
    first = await town.core.handle(press)
    assert first
    assert await count(town) == (1, [0, 1, 0])
    # A press without a switch turns over what stands: run again it would take the vote back.
    assert await town.core.handle(press) == first
    assert await count(town) == (1, [0, 1, 0])
    assert await town.core.handle(replace(press, id="another")) != first
    assert await count(town) == (0, [0, 0, 0])


async def test_the_same_opening_twice_opens_one(town: Town) -> None:
    asked = town.asked("anna", '!poll open "Wat?" A | B')
    assert await town.core.handle(asked) == await town.core.handle(asked)
    assert (await town.say("anna", "!poll list")).count("Wat?") == 1


async def test_a_refusal_is_remembered_too(town: Town) -> None:
    early = town.asked("ben", "!vote 1")
    refusal = await town.core.handle(early)
    await town.say("anna", '!poll open "Wat?" A | B')
    assert await town.core.handle(early) == refusal
    assert await count(town) == (0, [0, 0])


# --- wholly or not at all ---


async def test_an_internal_error_answers_with_its_reference_and_undoes_everything(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(call: Call) -> Message:
        call.tx.places.bind(Place(PLATFORM, "half"), call.theme().id, "half", None, PLATFORM)
        call.post(Place(PLATFORM, "half"), message(), "half")
        call.undo_with("test it")
        raise ValueError("the secret is 42")

    asked = town.asked("anna", button=TEST_IT)
    with caplog.at_level(logging.ERROR):
        answer = await doing(town, fail).handle(asked)
    assert answer
    reference = answer.lines[0].values["reference"]
    assert reference in words_of(answer)
    assert f"Reference {reference}: test it failed" in caplog.text
    assert "the secret is 42" not in words_of(answer)
    assert await doing(town, fail).handle(asked) == answer
    assert await town.core.store.run(lambda tx: tx.places.known(Place(PLATFORM, "half"))) is None
    assert await town.core.store.run(lambda tx: tx.posts.due(PLATFORM, town.clock.now(), 9)) == []
    assert await town.core.store.run(lambda tx: tx.handled.undo(asked.id)) is None


async def test_what_was_done_before_a_refusal_is_undone(town: Town) -> None:
    def refuse(call: Call) -> Message:
        call.post(Place(PLATFORM, "sport"), message(), "half")
        raise UserError("place.private")

    answer = await doing(town, refuse).handle(town.asked("anna", button=TEST_IT))
    assert answer == message(text("place.private"))
    assert await town.core.store.run(lambda tx: tx.posts.due(PLATFORM, town.clock.now(), 9)) == []


@pytest.mark.usefixtures("caplog")
async def test_a_statement_that_cannot_be_is_an_internal_error_too(town: Town) -> None:
    """The database is well: being asked to try again would never end."""

    def vote_for_nobody(call: Call) -> Message:
        call.post(Place(PLATFORM, "sport"), message(), "half")
        call.tx.of(POLLS).vote(a_poll(999), 999, (), (1,), call.now, None)
        return message()

    answer = await doing(town, vote_for_nobody).handle(town.asked("anna", button=TEST_IT))
    assert answer
    assert answer.lines[0].key == "error.internal"
    assert await town.core.store.run(lambda tx: tx.posts.due(PLATFORM, town.clock.now(), 9)) == []
    assert "staat open" in await town.say("anna", '!poll open "Wat?" A | B')


async def test_others_in_the_same_group_are_not_touched_by_a_failure(town: Town) -> None:
    def fail(call: Call) -> Message:
        raise RuntimeError

    await town.say("anna", '!poll open "Wat?" A | B')
    broken = doing(town, fail)
    answers = await asyncio.gather(
        town.core.handle(town.asked("ben", "!vote 1")),
        broken.handle(town.asked("cas", button=TEST_IT)),
        town.core.handle(town.asked("dora", "!vote 2")),
    )
    assert [answer.lines[0].key for answer in answers if answer] == [
        "poll.receipt.voted",
        "error.internal",
        "poll.receipt.voted",
    ]
    assert await count(town) == (2, [1, 1])


# --- who, where and when ---


@pytest.mark.parametrize("here", list(Role))
async def test_a_role_is_needed(town: Town, here: Role) -> None:
    asked = replace(town.asked("anna", button=TEST_IT), role=here)
    answer = await doing(town, lambda call: message(typed("done")), Role.ORGANISER).handle(asked)
    assert answer
    assert words_of(answer) == ("done" if here >= Role.ORGANISER else words_of(message(NEEDED)))


NEEDED = text("role.needed.organiser")


async def test_a_role_of_the_community_holds_everywhere(town: Town) -> None:
    await town.core.store.run(lambda tx: tx.people.grant(Identity(PLATFORM, "mia"), Role.MODERATOR))
    answer = await doing(town, lambda call: message(typed("done")), Role.MODERATOR).handle(
        town.asked("mia", button=TEST_IT, room=None)
    )
    assert answer == message(typed("done"))


async def test_the_master_of_one_room_is_nobody_in_another(town: Town) -> None:
    await town.joined("elders", theme="elders")
    await town.say("anna", '!poll open "Wat?" A | B')
    from_elsewhere = replace(town.asked("eva", "!poll close 1 --sure", room="elders"), role=Role.MODERATOR)
    answer = await town.core.handle(from_elsewhere)
    assert answer
    assert "is er voor jou niet" in words_of(answer)
    from_here = replace(town.asked("eva", "!poll close 1 --sure"), role=Role.MODERATOR)
    answer = await town.core.handle(from_here)
    assert answer
    assert "is gesloten" in words_of(answer)


async def test_a_button_of_an_earlier_version_is_answered(town: Town) -> None:
    answer = await town.core.handle(town.asked("anna", button=Button(text("typed"), "poll juggle")))
    assert answer == message(text("action.gone"))


@pytest.mark.parametrize("name", ["", "nul \0", "half \ud800", "turned \u202e", "x" * 5000, "👨‍👩‍👧"])
async def test_any_name_will_do(town: Town, name: str) -> None:
    answer = await town.core.handle(replace(town.asked("anna", "!help"), name=name))
    assert answer
    assert answer.lines[0].key == "help.first"


async def test_a_name_without_end_is_cut(town: Town) -> None:
    """On Matrix people may write what they are called as long as an event can be; no index holds that."""
    endless = "".join(random.Random(3).choices([chr(letter) for letter in range(0x4E00, 0x9FFF)], k=20_000))
    answer = await town.core.handle(replace(town.asked("anna", "!me name"), name=endless))
    assert answer
    assert endless[:255] + "…" in words_of(answer)
    assert endless[:256] not in words_of(answer)
    # Whoever names her is answered too, and whatever is said of her has an end.
    hers = Mention("<@9>", Identity(PLATFORM, "anna"), endless)
    for words in ("!who is <@9>", '!poll open "Komt <@9>?" Ja | Nee'):
        answer = await town.core.handle(replace(town.asked("ben", words), mentions=(hers,)))
        assert answer
        assert len(words_of(answer)) < 1_000


@pytest.mark.parametrize("words", ["!\ud800", "!poll open \0", "\x1b[2J", "!help \udfff", "!taal \0"])
async def test_half_characters_are_answered(town: Town, words: str) -> None:
    assert "onzichtbaar teken" in await town.say("anna", words)


async def test_a_vote_said_in_time_counts_though_it_comes_late(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 60min')
    in_time = town.asked("ben", "!vote 1")
    town.clock.turn(timedelta(hours=2))
    late = town.asked("cas", "!vote 2")
    from_the_future = replace(town.asked("dora", "!vote 2"), at=town.clock.now() + timedelta(days=9))
    for asked in (in_time, late, from_the_future):
        await town.core.handle(asked)
    assert await count(town) == (1, [1, 0])


async def test_a_clock_that_is_ahead_takes_nobody_their_vote(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B --closes 60min')
    await town.core.handle(replace(town.asked("ben", "!vote 1"), at=town.clock.now() + timedelta(days=9)))
    assert await count(town) == (1, [1, 0])


async def test_the_language_is_the_readers_then_the_places(town: Town) -> None:
    place = Place(PLATFORM, "square")
    await town.core.joined(PLATFORM, place, "square", "square", "en")

    async def usage(asked: object) -> str:
        answer = await town.core.handle(asked)  # type: ignore[arg-type]
        assert answer
        return str(answer.lines[0].values["usage"])

    assert (await usage(town.asked("anna", "!poll list", room="square"))).startswith("!poll open")
    assert (await usage(town.asked("anna", "!poll list"))).startswith("!peiling open")
    french = replace(town.asked("anna", "!poll list", room="square"), locale="fr-BE")
    assert (await usage(french)).startswith("!peiling open")
    await town.say("anna", "!taal nl", room="square")
    assert (await usage(town.asked("anna", "!poll list", room="square"))).startswith("!peiling open")


# --- answers by post ---


async def test_an_answer_by_post_goes_out_once(town: Town) -> None:
    asked = replace(town.asked("anna", "!help"), by_post=True)
    await town.core.handle(asked)
    await town.core.handle(asked)
    await town.core.run_due()
    assert [(shown.how, shown.where) for shown in town.platform.shown] == [("whisper", "anna")]


# --- taken back ---


async def test_only_its_own_author_takes_something_back(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    voted = town.asked("ben", "!vote 2")
    await town.core.handle(voted)
    take_back = partial(town.core.take_back, taken=voted.id)
    assert await take_back(town.asked("eva")) is None
    assert await count(town) == (1, [0, 1])
    answer = await take_back(town.asked("ben"))
    assert answer
    assert answer.lines[0].key == "poll.receipt.withdrawn"
    assert await count(town) == (0, [0, 0])


async def test_what_was_chosen_since_stays(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    voted = town.asked("ben", "!vote 2")
    await town.core.handle(voted)
    await town.say("ben", "!vote 1")
    await town.core.take_back(town.asked("ben"), voted.id)
    assert await count(town) == (1, [1, 0])


async def test_a_press_that_is_taken_back_takes_one_option_back(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B | C --choices 3')
    presses = [
        town.asked(
            "ben", button=Button(text("typed"), "poll tick", {"poll": 1, "option": option, "on": True})
        )
        for option in (1, 3)
    ]
    for press in presses:
        await town.core.handle(press)
    assert await count(town) == (1, [1, 0, 1])
    await town.core.take_back(town.asked("ben"), presses[0].id)
    assert await count(town) == (1, [0, 0, 1])
    await town.core.take_back(town.asked("ben"), presses[0].id)
    assert await count(town) == (1, [0, 0, 1])


async def test_what_cannot_be_taken_back_is_left(town: Town) -> None:
    opened = town.asked("anna", '!poll open "Wat?" A | B')
    await town.core.handle(opened)
    assert await town.core.take_back(town.asked("anna"), opened.id) is None
    assert await town.core.take_back(town.asked("anna"), "never heard of") is None
    assert await count(town) == (0, [0, 0])


async def test_the_same_taking_back_twice_answers_the_same(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    voted, taking = town.asked("ben", "!vote 2"), town.asked("ben")
    await town.core.handle(voted)
    first = await town.core.take_back(taking, voted.id)
    await town.say("ben", "!vote 2")
    assert await town.core.take_back(taking, voted.id) == first
    assert await count(town) == (1, [0, 1])


# --- forms ---


def filled_in(town: Town, name: str, command: str, room: str | None = "sport", **args: object) -> Invocation:
    return town.asked(name, room=room, button=Button(text("typed"), command, args))


async def test_what_was_filled_in_too_sparsely_gets_a_form(town: Town) -> None:
    asked = filled_in(town, "anna", "poll open", options=["A", "B"], quorum=2)
    answer = await town.core.handle(asked)
    assert answer
    assert answer.form
    assert (answer.form.at_once, answer.form.args) == (True, {"quorum": 2})
    opened = answer.form.filled_in(["Wat?", *(field.value for field in answer.form.fields[1:])])
    # It is kept with the answer, and the same again.
    assert await town.core.handle(asked) == answer
    assert await town.core.answer_to(asked.id, asked.author) == answer
    found = await town.core.handle(filled_in(town, "anna", "poll open", **opened))
    assert found
    assert found.lines[0] == text("poll.opened", question="Wat?", poll=1)


async def test_what_was_filled_in_wrong_can_be_mended(town: Town) -> None:
    answer = await town.core.handle(
        filled_in(town, "anna", "poll open", question="Wat?", options=["A", "A"], closes="vrijdag 20u")
    )
    assert answer
    assert answer.lines[0].key == "poll.options.double"
    assert answer.form
    assert not answer.form.at_once
    assert [field.value for field in answer.form.fields][:4] == ["Wat?", "A\nA", "", "vrijdag 20u"]
    # What a command is not asked for in a form is said again in full.
    refused = await town.core.handle(filled_in(town, "anna", "poll extend", until="vrijdag 20u"))
    assert refused
    assert (refused.lines[0].key, refused.form) == ("poll.none_open", None)


@pytest.mark.parametrize("words", ['!poll open "Wat?" A | A', "!vote"])
async def test_whoever_types_is_told_what_to_type(town: Town, words: str) -> None:
    answer = await town.core.handle(town.asked("anna", words))
    assert answer
    assert answer.form is None


async def test_a_button_that_says_yes_to_something_wrong_leaves_no_trace_in_its_form(town: Town) -> None:
    given = {"question": "Wat?", "options": "A|A", "closes": "12 december om 8"}
    unsure = await town.core.handle(filled_in(town, "anna", "poll open", **given))
    assert unsure
    assert unsure.form is None
    answer = await town.core.handle(town.asked("anna", button=unsure.buttons[0]))
    assert answer
    assert answer.form
    assert answer.form.args == {}


async def test_a_yes_in_private_holds_for_the_place_where_it_was_asked(town: Town) -> None:
    """As on platforms that answer in a direct room; what was asked there needs a theme, and a role in it."""
    asked = town.asked("anna", '!poll open "Wat?" A | B --closes "vrijdag half acht"')
    unsure = await town.core.handle(replace(asked, role=Role.MODERATOR))
    assert unsure
    town.platform.present["anna", "sport"] = Role.MODERATOR
    yes = town.asked("anna", room=None, button=unsure.buttons[0])
    opened = await town.core.handle(yes)
    assert opened
    assert "staat open" in words_of(opened)
    await town.say("ben", '!poll open "En nu?" A | B')
    assert "Wat?" in await town.say("ben", "!poll list")
    asked = town.asked("anna", '!poll extend "zaterdag half acht" --poll 2')
    unsure = await town.core.handle(replace(asked, role=Role.MODERATOR))
    assert unsure
    longer = await town.core.handle(town.asked("anna", room=None, button=unsure.buttons[0]))
    assert longer
    assert longer.lines[0].key != "poll.not_yours"


async def test_whoever_else_presses_a_question_answers_for_themselves(town: Town) -> None:
    """It is done once for each of them, and neither hears what the other was told."""
    unsure = await town.core.handle(
        town.asked("anna", '!poll open "Wat?" A | B --closes "vrijdag half acht"')
    )
    assert unsure
    for number, who in enumerate(("eva", "anna"), start=1):
        for _ in range(2):
            opened = await town.core.handle(town.asked(who, button=unsure.buttons[0]))
            assert opened
            assert "staat open" in words_of(opened)
            assert await town.core.store.run(lambda tx: len(tx.of(POLLS).standing(1))) == number - 1
            assert len(await town.core.store.run(lambda tx: tx.of(POLLS).latest((1,), 9))) == number


async def test_a_yes_to_what_was_asked_in_a_place_is_nobody_elses_way_in(town: Town) -> None:
    asked = town.asked("anna", '!poll open "Wat?" A | B --closes "vrijdag half acht"')
    unsure = await town.core.handle(asked)
    assert unsure
    pressed = await town.core.handle(town.asked("eva", room=None, button=unsure.buttons[0]))
    assert pressed
    assert pressed.lines[0].key == "place.private"


# --- asked back ---


def which(call: Call, who: str, *, at: datetime | None = None) -> Message:
    """Thanks one of two people called Ben; says so in the room."""
    call.post(Place(PLATFORM, "sport"), message(typed(who)), f"thanks:{who}")
    if who == "ben":
        choices = [(typed(name), {"who": name}) for name in ("Ben A", "Ben B", "Ben C")]
        raise Unsure(text("poll.which", polls=(), poll=1), choices)
    return message(text("poll.named", poll=who, question=str(at)))


async def said_in_sport(town: Town) -> list[str]:
    await town.core.run_due()
    return [shown.words for shown in town.platform.shown]


async def test_what_can_be_meant_in_several_ways_is_asked_with_a_button_for_each(town: Town) -> None:
    dispatch = doing(town, which)
    asked = town.asked("anna", "!test it ben")
    question = await dispatch.handle(asked)
    assert question
    assert await dispatch.handle(asked) == question
    assert question.lines == (text("poll.which", polls=(), poll=1), text("unsure.no"))
    assert [button.label for button in question.buttons] == [typed("Ben A"), typed("Ben B"), typed("Ben C")]
    # Nothing changed, and what was done before it was asked is undone.
    assert await said_in_sport(town) == []
    answer = await dispatch.handle(town.asked("anna", button=question.buttons[1]))
    assert answer == message(text("poll.named", poll="Ben B", question="None"))
    # Whichever is pressed, and however often: it was done.
    for button in question.buttons:
        assert await dispatch.handle(town.asked("anna", button=button)) == answer
    assert await said_in_sport(town) == ["Ben B"]


async def test_one_question_after_another_is_one_thing_to_do(town: Town) -> None:
    dispatch = doing(town, which)
    moment = await dispatch.handle(town.asked("anna", '!test it ben --at "12 december om 8"'))
    assert moment
    assert [line.key for line in moment.lines] == ["when.which", "when.not_meant"]
    yes, _ = moment.buttons
    assert yes.label.key == "when.moment"
    # Said twice, it is asked twice who is meant; both are the same question.
    first, second = [await dispatch.handle(town.asked("anna", button=yes)) for _ in range(2)]
    assert first
    assert second
    assert first.buttons == second.buttons
    answer = await dispatch.handle(town.asked("anna", button=first.buttons[0]))
    assert await dispatch.handle(town.asked("anna", button=second.buttons[2])) == answer
    assert await dispatch.handle(town.asked("anna", button=yes)) == answer
    assert await said_in_sport(town) == ["Ben A"]


async def test_what_was_understood_stays_what_it_was_when_it_was_said(town: Town) -> None:
    town.clock.turn(timedelta(seconds=7, microseconds=1))
    spoken = town.clock.now()
    asked = await town.core.handle(
        town.asked("anna", '!poll open "Wat?" A | B --opens "12 december om 8" --closes 14d --kind volgorde')
    )
    assert asked
    dispatch = doing(town, which)
    question = await dispatch.handle(town.asked("anna", "!test it ben --at 2d"))
    assert question
    town.clock.turn(timedelta(hours=5))
    opened = await town.core.handle(town.asked("anna", button=asked.buttons[0]))
    assert opened
    assert opened.lines[1].values["closes"] == spoken + timedelta(days=14)
    answer = await dispatch.handle(town.asked("anna", button=question.buttons[0]))
    assert answer
    assert datetime.fromisoformat(answer.lines[0].values["question"]) == spoken + timedelta(days=2)


# --- suggestions ---


async def suggested(
    town: Town,
    name: str,
    typed: str,
    who: str = "anna",
    room: str | None = "sport",
    command: str = "poll show",
) -> list[Suggestion]:
    return list(await town.core.suggest(filled_in(town, who, command, room), name, typed))


async def test_polls_are_found_by_their_number_and_by_words(town: Town) -> None:
    for question in ("Een bank?", "Een boom?", "Een bank erbij?"):
        await town.say("anna", f'!poll open "{question}" A | B')
    await town.say("anna", '!poll open "Een fontein?" A | B --opens 2d')
    await town.say("anna", "!poll close 3 --sure")
    await town.say("anna", f'!poll open "{"x" * 200}" A | B')
    assert [choice.value for choice in await suggested(town, "poll", "")] == [5, 2, 1, 4, 3]
    assert await suggested(town, "poll", " BANK ") == [
        Suggestion(1, text("poll.suggested.open", poll=1, question="Een bank?")),
        Suggestion(3, text("poll.suggested.closed", poll=3, question="Een bank erbij?")),
    ]
    assert [choice.value for choice in await suggested(town, "poll", "#2")] == [2]
    (long,) = await suggested(town, "poll", "xx")
    assert len(words_of(message(long.words))) <= 100
    assert await suggested(town, "poll", "fiets") == []


async def test_polls_of_others_are_not_suggested(town: Town) -> None:
    await town.joined("elders", theme="elders")
    await town.say("eva", '!poll open "Geheim?" A | B', room="elders")
    await town.say("anna", '!poll open "Wat?" A | B')
    assert [choice.value for choice in await suggested(town, "poll", "")] == [2]
    assert [choice.value for choice in await suggested(town, "poll", "", room=None)] == [2]
    assert [choice.value for choice in await suggested(town, "poll", "", "eva", None)] == [1]
    assert await suggested(town, "poll", "", "a stranger", None) == []
    assert [choice.value for choice in await suggested(town, "poll", "", "a stranger")] == [2]
    assert await suggested(town, "poll", "", room="nowhere") == [
        Suggestion(2, text("poll.suggested.open", poll=2, question="Wat?"))
    ]


async def test_themes_are_those_they_take_part_in(town: Town) -> None:
    await town.joined("elders", theme="Elders")
    await town.say("anna", "!help", room="elders")
    await town.say("anna", "!help")

    async def themes(typed: str, who: str) -> list[str]:
        found = await suggested(town, "theme", typed, who, None, "poll open")
        # What is sent means that theme whatever it is called by then.
        assert all(str(choice.value).startswith("theme:") for choice in found)
        return [choice.words.values["words"] for choice in found]

    assert await themes("", "anna") == ["sport", "Elders"]
    assert await themes("eld", "anna") == ["Elders"]
    assert await themes("", "ben") == []


async def test_so_many_suggestions_and_no_more(town: Town) -> None:
    town.configure(PollsSettings(at_once=99, a_day=99))
    for number in range(27):
        await town.say("anna", f'!poll open "Vraag {number}" A | B')
    assert len(await suggested(town, "poll", "vraag")) == 25


async def test_what_cannot_be_suggested(town: Town) -> None:
    assert await suggested(town, "poll", "1", command="poll juggle") == []
    assert await suggested(town, "juggle", "1") == []
    assert await suggested(town, "question", "1", command="poll open") == []
    assert [choice.words.key for choice in await suggested(town, "closes", "2d", command="poll open")] == [
        "when.moment"
    ]


async def test_who_is_still_typing_has_done_nothing(town: Town) -> None:
    def rows(tx: Transaction) -> list[int]:
        db = cast(Tx, tx).db
        tables = (residents, identities, members, handled)
        return [db.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]

    await town.say("anna", '!poll open "Wat?" A | B')
    before = await town.core.store.run(rows)
    for name, command in (("poll", "poll show"), ("theme", "poll list"), ("until", "poll extend")):
        for who in ("anna", "a stranger"):
            for room in ("sport", None):
                await town.core.suggest(filled_in(town, who, command, room), name, "")
    assert await town.core.store.run(rows) == before


# --- what adapters ask ---


async def test_the_language_where_nobody_chose_one(town: Town) -> None:
    anna, square = Identity(PLATFORM, "anna"), Place(PLATFORM, "square")
    assert [await town.core.voice_of(anna, locale) for locale in (None, "fr", "en-GB")] == ["nl", "nl", "en"]
    assert await town.core.voice_of(square, "en") == "en"
    await town.say("anna", "!taal nl")
    assert await town.core.voice_of(anna, "en") == "nl"
    await town.core.joined(PLATFORM, square, "square", "square", "nl")
    assert await town.core.voice_of(square, "en") == "nl"


async def test_where_plein_is_and_what_it_said(town: Town) -> None:
    await town.joined("square", theme="square")
    assert await town.core.places(PLATFORM) == [Place(PLATFORM, "sport"), Place(PLATFORM, "square")]
    await town.core.left(PLATFORM, Place(PLATFORM, "sport"))
    assert await town.core.places(PLATFORM) == [Place(PLATFORM, "square")]
    asked = town.asked("anna", "!help")
    assert await town.core.answer_to(asked.id, asked.author) is None
    answer = await town.core.handle(asked)
    assert await town.core.answer_to(asked.id, asked.author) == answer
    await town.core.store_arrivals("test", [], "here", "a")
    assert await town.core.cursors("test") == {"a": "here"}
    assert town.core.commands.by_path["help"]


# --- whom a word in private takes long to reach ---


async def answers(town: Town, asked: Invocation) -> list[Post]:
    """What it is answered."""
    await town.core.handle(asked)
    now = town.clock.now()
    due = await town.core.store.run(lambda tx: tx.posts.due(PLATFORM, now, 50))
    return [post for post in due if post.id == f"answer:{asked.id}"]


async def answered(town: Town, asked: Invocation) -> tuple[object, bool]:
    """Where, and whether it is no more than a sign. Said there, it calls the attention of whose it is."""
    (post,) = await answers(town, asked)
    assert post.mentions == ((asked.author,) if isinstance(post.to, Place) else ())
    return post.to, post.message.sign is not None


# A reaction on a board.
TICK: Mapping[str, Any] = {
    "typed": None,
    "command": "poll tick",
    "args": {"poll": 1, "option": 2},
    "acknowledged": True,
}


def said_by(town: Town, name: str, words: str, number: int = 0, **others: Any) -> Invocation:
    """Typed where others see it, by somebody with whom there is no talk in private yet."""
    asked = town.asked(name, words)
    changes = {"by_post": True, "public": True, "beside": Place(PLATFORM, f"{name} {number}"), **others}
    return replace(asked, id=f"{name} {number}", **changes)


@pytest.mark.parametrize("typed_words", ["!help", "!peling open", "!stem", "!stem 1", "!poll close 7"])
async def test_what_is_no_secret_is_said_beside_what_they_said(town: Town, typed_words: str) -> None:
    met = said_by(town, "anna", typed_words, beside=None)
    assert await answered(town, met) == (met.author, False)
    unmet = said_by(town, "anna", typed_words, 1)
    assert await answered(town, unmet) == (unmet.beside, False)


async def test_what_is_theirs_waits_until_they_are_met(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    await town.say("anna", '!poll open "Stil?" A | B --results closed')
    for number, words in enumerate(
        ("!stem 1 --peiling 2", "!stem niets --peiling 2", "!stem 1 --zomaar", "!stem 1", "!peiling lijst")
    ):
        unmet = said_by(town, "ben", words, number)
        assert await answered(town, unmet) == (unmet.author, False)
        await town.core.outbox.worker.flush()


@pytest.mark.parametrize(
    "words", ["!stem --peiling 1", "!stem paars --peiling 1", "!peiling sluit 1", "!stem 1 --peiling 77"]
)
async def test_what_is_of_another_theme_is_said_to_them_alone(town: Town, words: str) -> None:
    """Whether there is such a one does not show either: a number that nothing has is answered alike."""
    await town.joined("kelder", theme="Kelder")
    await town.say("mod", "!help", room="kelder")
    await town.say("anna", "!help", room="kelder")
    await town.say("mod", '!poll open "Wat nu?" A | B', room="kelder")
    unmet = said_by(town, "anna", words)
    assert await answered(town, unmet) == (unmet.author, False)


async def test_so_much_is_said_beside_it_and_the_rest_in_private(town: Town) -> None:
    """What one person asks for again and again holds up what else is to be said there."""
    for number in range(MOST_BESIDE):
        unmet = said_by(town, "anna", "!help", number)
        assert await answered(town, unmet) == (unmet.beside, False)
        await town.core.outbox.worker.flush()
    unmet = said_by(town, "anna", "!help", 99)
    assert await answered(town, unmet) == (unmet.author, False)
    other = said_by(town, "ben", "!help")
    assert await answered(town, other) == (other.beside, False)
    town.clock.turn(BESIDE_WITHIN + timedelta(seconds=1))
    unmet = said_by(town, "anna", "!help", 100)
    await town.core.outbox.worker.flush()
    assert await answered(town, unmet) == (unmet.beside, False)


async def test_a_vote_that_counts_takes_no_more_than_a_sign(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    for number, words in enumerate(("!stem 2", "!stem 1", "!stem 1", "!peiling intrekken")):
        unmet = said_by(town, "ben", words, number)
        assert await answered(town, unmet) == (unmet.beside, True)
        await town.core.outbox.worker.flush()
    assert await count(town) == (0, [0, 0])
    wrong = said_by(town, "ben", "!stem 9", 9)
    assert await answered(town, wrong) == (wrong.beside, False)
    again = replace(said_by(town, "cas", "!stem 2"), beside=None)
    assert await answered(town, again) == (again.author, False), "they are met, and told"


@pytest.mark.parametrize("terms", ["--anonymous", "--results closed", "--results voted"])
async def test_a_secret_vote_that_others_saw_is_never_signed(town: Town, terms: str) -> None:
    """It does not count, however it was given, and they have to hear so."""
    await town.say("anna", f'!poll open "Wat?" A | B {terms}')
    for number, how in enumerate((dict[str, Any](), TICK)):
        public = said_by(town, "ben", "!stem 2", number, **how)
        await town.core.handle(public)
        now = town.clock.now()
        due = await town.core.store.run(lambda tx, now=now: tx.posts.due(PLATFORM, now, 50))  # type: ignore[misc]
        (post,) = [post for post in due if post.to == public.author]
        assert post.message.sign is None
        assert post.message.lines[0].key == "poll.overheard"
        await town.core.outbox.worker.flush()


async def test_with_several_polls_it_is_asked_there_which(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    await town.say("anna", '!poll open "Hoe?" A | B')
    asked = said_by(town, "ben", "!stem 2")
    (post,) = await answers(town, asked)
    assert post.to == asked.beside
    first = post.message.buttons[0]
    pressed = said_by(town, "ben", "", 1, typed=None, command=first.command, args=first.args)
    await town.core.outbox.worker.flush()
    assert await answered(town, pressed) == (pressed.beside, True)


async def test_a_vote_that_is_seen_gets_no_word_unless_it_was_none(town: Town) -> None:
    await town.say("anna", '!poll open "Wat?" A | B')
    met = said_by(town, "ben", "", beside=None, **TICK)
    assert await answered(town, met) == (met.author, False), "they are met, and told"
    unmet = said_by(town, "mia", "", **TICK)
    assert await answers(town, unmet) == []
    assert await count(town) == (2, [0, 2])
    await town.say("anna", "!poll close 1 --sure")
    late = said_by(town, "mia", "", 1, **TICK)
    assert await answered(town, late) == (late.beside, False)


# --- what is made up ---

MADE_UP: tuple[Any, ...] = (None, True, 7, 1.5, "x", (), ("1", None), ((1,),), {"a": 1})
# What says that it is sure ends things, which others then find ended.
SURE = {"me forget", "poll close", "poll cancel"}


@pytest.mark.parametrize("room", ["sport", None])
async def test_what_a_press_makes_up_is_answered_and_fails_nowhere(
    town: Town, room: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """As a modified client may: any kind of value for any argument, of every command."""
    await town.say("anna", '!poll open "Wat?" Ja | Nee')
    for path, command in town.core.commands.by_path.items():
        if path in SURE:
            continue
        names = [param.name for param in command.params]
        for name in (*names, "once", "asked_in", "none"):
            for value in MADE_UP:
                args = {"poll": 1} if "poll" in names else {}
                button = Button(text("typed"), path, {**args, name: value})
                await town.core.handle(town.asked("ben", room=room, button=button))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("vote", {"poll": 1, "answer": ("1", "2")}),
        ("poll tick", {"poll": True, "option": 1}),
        ("poll open", {"question": "Wat?", "options": 7}),
        ("poll open", {"question": "Wat?", "options": ("A", ("B",))}),
        ("poll extend", {"poll": 1, "until": ("2d",)}),
        ("poll close", {"poll": 1, "sure": ("x",)}),
        ("poll close", {"poll": 1, "once": ("x",)}),
        ("me interests", {"topics": {"a": 1}}),
    ],
)
async def test_what_is_of_no_kind_of_its_arguments_stands_for_nothing(
    town: Town, command: str, args: Mapping[str, Any]
) -> None:
    await town.say("ben", '!poll open "Wat?" Ja | Nee')
    answer = await town.core.handle(town.asked("ben", button=Button(text("typed"), command, args)))
    assert answer
    assert "hoort bij iets wat er niet meer is" in words_of(answer)
    assert await count(town) == (0, [0, 0])
