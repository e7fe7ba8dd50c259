"""Messages go into the database and come out the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.model.codec import pack, unpack
from bot.model.message import Attachment, Button, Field, Form, Message, NativePoll, Text, message, text
from bot.model.people import Role

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
NAMES = st.text("abc_", min_size=1, max_size=5)
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.recursive(
    st.builds(Text, WORDS, st.dictionaries(NAMES, WORDS | NUMBERS | MOMENTS, max_size=3)),
    lambda inner: st.builds(
        Text, WORDS, st.dictionaries(NAMES, inner | st.lists(inner, max_size=3).map(tuple), max_size=3)
    ),
    max_leaves=6,
)
ARGS = st.dictionaries(NAMES, WORDS | NUMBERS | st.booleans() | st.none(), max_size=3)
ACTIONS = st.builds(Button, TEXTS, WORDS, ARGS, st.none() | WORDS)
BALLOTS = st.builds(
    NativePoll,
    TEXTS,
    st.lists(TEXTS, max_size=3).map(tuple),
    st.integers(1, 20),
    WORDS,
    ARGS,
    st.none() | TEXTS,
    st.booleans(),
    st.none() | MOMENTS,
)
CHOICES = st.lists(st.tuples(WORDS, TEXTS), max_size=2).map(tuple)
FIELDS = st.builds(Field, NAMES, TEXTS, st.none() | TEXTS, WORDS, CHOICES, st.booleans(), st.booleans())
FORMS = st.builds(
    Form,
    TEXTS,
    WORDS,
    ARGS,
    st.lists(FIELDS, max_size=2).map(tuple),
    st.booleans(),
    st.lists(TEXTS, max_size=2).map(tuple),
)
FILES = st.builds(Attachment, WORDS, st.sampled_from(["png", "csv", "json"]), TEXTS)
MESSAGES = st.builds(
    Message,
    lines=st.lists(TEXTS, max_size=3).map(tuple),
    title=st.none() | TEXTS,
    actions=st.lists(ACTIONS, max_size=3).map(tuple),
    ballot=st.none() | BALLOTS,
    files=st.lists(FILES, max_size=2).map(tuple),
    numbered=st.booleans(),
    form=st.none() | FORMS,
    how=st.lists(TEXTS, max_size=2).map(tuple),
    locale=st.none() | st.sampled_from(["nl", "en"]),
)


@given(st.none() | MESSAGES)
def test_a_message_survives_the_database(message: Message | None) -> None:
    packed = pack(message)
    unpacked = unpack(packed)
    assert unpacked == message
    if packed is not None and message and unpacked:
        json.loads(packed)
        assert unpacked.locale == message.locale


def test_a_message_that_an_earlier_version_packed() -> None:
    said = message(text("poll.closed.title", question="Wat?"))
    kept = json.loads(str(pack(said)))
    del kept["files"], kept["numbered"], kept["form"], kept["how"], kept["locale"]
    assert unpack(json.dumps(kept)) == said
    asking = replace(said, form=Form(text("poll.form.ranked"), "poll vote", {"poll": 3}, ()))
    kept = json.loads(str(pack(asking)))
    del kept["form"]["lines"]
    assert unpack(json.dumps(kept)) == asking


def test_a_file_is_named_after_what_it_is_made_of() -> None:
    assert Attachment("poll:3", "csv", text("poll.export", question="Wat?")).name == "poll-3.csv"


def test_what_is_filled_in_stands_behind_what_a_form_holds_already() -> None:
    label = text("typed", words="x")
    scores = Form(label, "poll vote", {"poll": 3}, (Field("answer", label), Field("answer", label)))
    assert scores.filled_in(["5", " 0 "]) == {"poll": 3, "answer": "5 0"}
    reason = Form(label, "poll vote", {"poll": 3, "answer": "3"}, (Field("answer", label),))
    assert reason.filled_in(["te duur"]) == {"poll": 3, "answer": "3 te duur"}
    assert Form(label, "poll open", {}, (Field("closes", label),)).filled_in([""]) == {}


def test_a_moderator_may_all_that_others_may() -> None:
    assert Role.RESIDENT < Role.ORGANISER < Role.MODERATOR
