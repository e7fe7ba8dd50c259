"""Messages go into the database and come out the same, and those that were kept before still do.

`kept.json` is what two earlier versions wrote when polls were asked, answered and closed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.codec import VALUES, known_as, pack, unpack
from bot.model.message import (
    Attachment,
    Block,
    Button,
    Control,
    Field,
    Form,
    Message,
    NativePoll,
    Text,
    message,
    text,
    typed,
)
from bot.model.people import Resident, Role

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
# Among them names that fields have, and by which values are known.
NAMES = st.text("abc_", min_size=1, max_size=5) | st.sampled_from(
    ["key", "at", "resident", "name", "title", "values"]
)
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(fold=0))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
    datetime: MOMENTS,
    Resident: st.builds(Resident, st.integers(0, 2**63 - 1), st.just("")),
}


def several(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, values, max_size=3)


VALUE = st.recursive(
    st.one_of(*PLAIN.values()),
    lambda inner: st.builds(Text, WORDS, named(inner)) | several(inner),
    max_leaves=6,
)


@cache
def anything(kind: Any) -> st.SearchStrategy[Any]:
    """All that may stand in a field of that type."""
    inside = get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if is_dataclass(kind) and isinstance(kind, type):
        types = get_type_hints(kind)
        return st.builds(kind, **{field.name: anything(types[field.name]) for field in fields(kind)})
    match get_origin(kind):
        case origin if origin is Literal:
            return st.sampled_from(inside)
        case origin if origin is Mapping:
            return named(VALUE)
        case origin if origin is tuple:
            parts = [anything(part) for part in inside if part is not ...]
            return several(parts[0]) if ... in inside else st.tuples(*parts)
    return st.one_of(*map(anything, inside))


@given(anything(Message | None))
def test_a_message_survives_the_database(said: Message | None) -> None:
    unpacked = unpack(pack(said))
    assert unpacked == said
    if said and unpacked:
        assert repr(unpacked) == repr(said)  # its language too, and True is not 1


@pytest.mark.parametrize("union", [Block, Control, VALUES])
def test_each_of_several_is_known_by_a_field_that_is_always_written(union: Any) -> None:
    kinds = get_args(union)
    assert len({known_as(kind) for kind in kinds}) == len(kinds)
    first = [fields(kind)[0] for kind in kinds if is_dataclass(kind)]
    assert all(field.default is MISSING and field.default_factory is MISSING for field in first)


def test_of_somebody_nothing_is_kept_but_who_they_are() -> None:
    said = message(text("typed", words=(Resident(7, "Ben", "nl", Role.MODERATOR), Resident(8, "An"))))
    kept = json.loads(str(pack(said)))["blocks"][0]["values"]["words"]
    assert kept == [{"resident": 7}, {"resident": 8}]
    again = unpack(pack(said))
    assert again
    assert again.lines[0].values["words"] == (Resident(7, ""), Resident(8, ""))


@given(st.dates())
def test_a_whole_day_stays_a_day(day: date) -> None:
    said = message(text("poll.option.date", at=day))
    assert unpack(pack(said)) == said


def test_what_stands_at_its_default_is_left_out() -> None:
    said = message(text("poll.mine.none"), buttons=[Button(typed("a"), "poll show", {"poll": 3})])
    assert json.loads(str(pack(said))) == {
        "blocks": [{"key": "poll.mine.none"}],
        "controls": [
            {
                "label": {"key": "typed", "values": {"words": "a"}},
                "command": "poll show",
                "args": {"poll": 3},
            }
        ],
    }


def test_what_cannot_be_kept_is_said_so() -> None:
    with pytest.raises(TypeError):
        pack(message(text("typed", words={1, 2})))


# --- what was kept before ---------------------------------------------------------------------------


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def hidden(*options: str) -> list[Text]:
    return [
        text("poll.line.hidden", number=number, option=typed(option))
        for number, option in enumerate(options, start=1)
    ]


def ticks(poll: int, *options: str, switch: str | None = "on") -> list[Button]:
    return [
        Button(typed(option), "poll tick", {"poll": poll, "option": number}, switch=switch, numbered=True)
        for number, option in enumerate(options, start=1)
    ]


def asks(poll: int, question: str, *options: str, closes: float, at_most: int = 1, **how: Any) -> NativePoll:
    answers = tuple(typed(option) for option in options)
    return NativePoll(
        typed(question), answers, at_most, "poll choose", {"poll": poll}, until=at(closes), **how
    )


BANK, PLACES, BANK_CLOSES = "Waar komt de *bank*?", ("Plein", "Park", "Straat"), 1796752800
WEEK = 1796752805
NO_QUORUM = text("poll.result.no_quorum", count=1, quorum=3)
TIE = text("poll.result.choice.tie", options=(typed("Plein"), typed("Straat")), count=1)
SECRET = message(
    *hidden("Ja", "Nee"),
    text("poll.board.nobody"),
    text("poll.board.results.closed"),
    text("poll.board.closes", closes=at(WEEK)),
    text("poll.board.number", poll=5),
    title=typed("Geheim?"),
    hints=[text("poll.board.how.discreet", poll=5, how=text("poll.how.choice", example="1", best=5))],
    buttons=ticks(5, "Ja", "Nee"),
    native_poll=asks(5, "Geheim?", "Ja", "Nee", closes=WEEK, secret=True),
)


def places(**counts: int) -> list[Text]:
    return [
        text(
            "poll.line.choice",
            bar="██████████" if counts.get(option) else "░░░░░░░░░░",
            number=number,
            option=typed(option),
            count=counts.get(option, 0),
        )
        for number, option in enumerate(PLACES, start=1)
    ]


KEPT = {
    "a board": message(
        *places(),
        text("poll.board.nobody"),
        text("poll.board.at_most", count=2),
        text("poll.board.quorum", count=3),
        text("poll.board.closes", closes=at(BANK_CLOSES)),
        text("poll.board.number", poll=1),
        title=typed(BANK),
        hints=[text("poll.how.choice", example="1", best=5), text("poll.press.choice")],
        buttons=ticks(1, *PLACES),
        native_poll=asks(1, BANK, *PLACES, closes=BANK_CLOSES, at_most=2),
    ),
    "a board that ended": message(
        *places(Plein=1, Straat=1),
        text("poll.board.people", count=1),
        NO_QUORUM,
        TIE,
        text("poll.board.closed", ended=at(1796148000)),
        title=typed(BANK),
        native_poll=asks(1, BANK, *PLACES, closes=BANK_CLOSES, at_most=2, ended=NO_QUORUM),
    ),
    # Nobody may see how somebody answers, by whatever name that was kept.
    "a secret board": SECRET,
    "a secret board, a day later": SECRET,
    "a board with a form": message(
        *(
            text("poll.line.score", bar="░" * 10, number=number, option=typed(option), count=0, mean=0.0)
            for number, option in enumerate("AB", start=1)
        ),
        text("poll.board.nobody"),
        text("poll.board.closes", closes=at(WEEK)),
        text("poll.board.number", poll=3),
        title=typed("Hoe goed?"),
        hints=[text("poll.how.score", example="5 0", best=5)],
        buttons=ticks(3, "A", "B", switch=None),
        form=Form(
            text("poll.form.score"),
            "poll vote",
            {"poll": 3},
            tuple(
                Field("answer", typed(option), choices=tuple((score, typed(score)) for score in "012345"))
                for option in "AB"
            ),
        ),
    ),
    "a receipt": message(
        text("poll.receipt.voted", question=BANK, options=(typed("Park"),)),
        text("poll.receipt.until", closes=at(BANK_CLOSES)),
        buttons=[
            Button(text("poll.button.withdraw"), "poll withdraw", {"poll": 1}),
            Button(text("poll.button.change"), "poll show", {"poll": 1}),
        ],
    ),
    "sure?": message(
        text("poll.close.sure", question=BANK, count=1),
        buttons=[
            Button(text("poll.button.close.sure"), "poll close", {"poll": 1, "sure": True}, style="danger")
        ],
    ),
    "a question back": message(
        text("when.meant", words="vrijdag 8u", at=at(1796972400)),
        text("unsure.no"),
        buttons=[
            Button(
                text("unsure.yes"),
                "poll open",
                {
                    "closes": "2026-12-11T07:00:00+00:00",
                    "question": "Wat?",
                    "options": "A | B",
                    "once": "yes:test:19",
                    "asked_in": "sport",
                },
                style="primary",
            )
        ],
    ),
    "a result with its picture": message(
        NO_QUORUM,
        TIE,
        text("poll.closed.people", count=1),
        title=text("poll.closed.title", question=BANK),
        files=[
            Attachment(
                "poll:1",
                "png",
                text(
                    "poll.picture",
                    question=BANK,
                    options=tuple(
                        text(
                            "poll.picture.option",
                            option=typed(option),
                            shown=text("poll.bar.choice", count=n),
                        )
                        for option, n in zip(PLACES, (1, 0, 1), strict=True)
                    ),
                ),
            )
        ],
    ),
    "a mistake with its form": message(
        text(
            "poll.vote.wrong",
            problem=text("poll.vote.rank_twice", option=typed("B")),
            how=text("poll.how.ranked", example="2 1 3", best=5),
        ),
        form=Form(
            text("poll.form.ranked"),
            "poll vote",
            {"poll": 2},
            (
                Field(
                    "answer",
                    text("poll.form.ranked.label"),
                    text("poll.form.ranked.hint", example="2 1 3", best=5),
                    "2 2",
                ),
            ),
            lines=tuple(hidden("A", "B", "C")),
        ),
    ),
}
BEFORE = json.loads((Path(__file__).parent / "kept.json").read_text())


@pytest.mark.parametrize("name", BEFORE)
def test_what_an_earlier_version_kept_is_read(name: str) -> None:
    unpacked = unpack(json.dumps(BEFORE[name]))
    assert unpacked
    assert unpacked == KEPT[name]
    assert unpacked.locale == BEFORE[name]["locale"]


def test_what_the_first_version_knew_nothing_of_is_not_there() -> None:
    said = message(text("poll.closed.title", question="Wat?"))
    kept = {"lines": [{"key": "poll.closed.title", "values": {"question": "Wat?"}}]}
    assert unpack(json.dumps({**kept, "title": None, "actions": [], "ballot": None})) == said


@pytest.mark.parametrize(
    "moment",
    [
        datetime.fromisoformat("9999-12-31T23:30:00-12:00"),
        datetime.fromisoformat("9999-12-31T23:30:00+00:00"),
        datetime.fromisoformat("0001-01-01T00:00:00+14:00"),
        datetime.fromisoformat("2026-12-01T20:00:00"),
    ],
    ids=str,
)
def test_a_moment_that_could_not_be_read_again_is_not_kept(moment: datetime) -> None:
    with pytest.raises(TypeError):
        pack(message(text("when.moment", at=moment)))


@pytest.mark.parametrize(
    "packed",
    [
        '{"blocks":[{"key":"when.moment","values":{"at":{"at":253402342200.0}}}]}',
        '{"blocks":[{"key":"when.moment","values":{"at":{"gone":1}}}]}',
        '{"blocks":[{"what":1}]}',
        '{"blocks":[{}]}',
        "{",
        "",
    ],
)
def test_what_cannot_be_read_is_nothing_and_stands_in_the_log(
    packed: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert unpack(packed) is None
    assert "cannot be read" in caplog.text
