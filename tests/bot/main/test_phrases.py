"""`plein when`, as somebody runs it who reports a phrase."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import datetime

import pytest

from bot.main.cli import main

AT = ("--lang", "nl", "--now", "2026-11-26T10:00")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["when", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_understood_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "vrijdag 20u", *AT)
    assert found == {
        "start": "2026-11-27T20:00:00+01:00",
        "end": None,
        "whole_day": False,
        "sure": True,
        "readings": [],
        "next": [],
        "rule": None,
        "refused": None,
    }


def test_what_may_be_meant_otherwise_is_told_with_its_readings(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "volgende dinsdag 19u30", *AT)
    assert found["sure"] is False
    assert found["readings"] == ["2026-12-01T19:30:00+01:00", "2026-12-08T19:30:00+01:00"]
    assert found["start"] == found["readings"][0]


def test_a_span_and_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    (span,) = told(capsys, "morgen van 20u tot 22u", *AT)
    assert (span["start"], span["end"]) == ("2026-11-27T20:00:00+01:00", "2026-11-27T22:00:00+01:00")
    (day,) = told(capsys, "di 8 dec", *AT)
    assert (day["start"], day["whole_day"], day["sure"]) == ("2026-12-08T00:00:00+01:00", True, True)


def test_what_comes_back_is_told_with_its_next_three(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "elke donderdag om 9u30", *AT)
    assert found == {
        "start": None,
        "end": None,
        "whole_day": False,
        "sure": True,
        "readings": [],
        # That of today is over.
        "next": ["2026-12-03T09:30:00+01:00", "2026-12-10T09:30:00+01:00", "2026-12-17T09:30:00+01:00"],
        "rule": "elke donderdag",
        "refused": None,
    }
    (days,) = told(capsys, "elke 31ste", *AT)
    assert days["next"] == ["2026-12-31", "2027-01-31", "2027-03-31"]
    assert days["rule"] == "elke 31ste van de maand (maanden zonder 31ste vallen weg)"


def test_what_comes_back_in_two_ways_is_told_with_both(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "every second Tuesday at 8pm", "--lang", "en", "--now", "2026-11-26T10:00")
    assert found["sure"] is False
    assert found["readings"] == ["every 2 weeks on Tuesday 20:00", "the second Tuesday of every month 20:00"]
    assert found["rule"] == "every 2 weeks on Tuesday"


def test_an_hour_that_a_night_does_not_have_is_no_start(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "elke zondag om 02:30", "--now", "2027-03-20T10:00")
    assert found["next"] == [
        "2027-03-21T02:30:00+01:00",
        "2027-04-04T02:30:00+02:00",
        "2027-04-11T02:30:00+02:00",
    ]


def test_what_comes_back_and_is_refused_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "twee keer per maand", *AT)
    assert str(found["refused"]).startswith("“twee keer per maand” zegt nog niet op welke dagen.")
    assert (found["next"], found["rule"]) == ([], None)


@pytest.mark.parametrize(
    ("lang", "words"), [("nl", "“gisteren 20u” is al voorbij."), ("en", "“gisteren 20u” is in the past.")]
)
def test_what_is_refused_says_what_a_person_would_get(
    capsys: pytest.CaptureFixture[str], lang: str, words: str
) -> None:
    (found,) = told(capsys, "gisteren 20u", "--lang", lang, "--now", "2026-11-26T10:00")
    assert str(found["refused"]).startswith(words)
    assert (found["start"], found["end"], found["sure"], found["readings"]) == (None, None, False, [])


def test_another_zone(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "20u", "--now", "2026-11-26T10:00", "--zone", "America/New_York")
    assert found["start"] == "2026-11-26T20:00:00-05:00"
    (found,) = told(capsys, "1d", "--now", "2026-11-26T10:00Z", "--zone", "America/New_York")
    assert found["start"] == "2026-11-27T05:00:00-05:00"


def test_without_a_moment_it_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "2d")
    start = datetime.fromisoformat(str(found["start"]))
    assert 47 < (start - datetime.now(start.tzinfo)).total_seconds() / 3600 < 50


def test_each_line_of_the_input_gives_one_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("morgen 20u\n\nblabla\r\n\udcff\nvrijdag 20u"))
    found = told(capsys, *AT)
    assert [line["start"] is None for line in found] == [False, True, True, True, False]


@pytest.mark.parametrize(
    "wrong", [("--zone", "Nergens/Hier"), ("--now", "gisteren"), ("--lang", "xx"), ("--zone", "../etc")]
)
def test_what_is_asked_wrongly_says_so(capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["when", "20u", *wrong])
    assert left.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_it_reads_no_adapter_no_database_and_no_configuration() -> None:
    """So that it starts at once."""
    code = (
        "import sys; from bot.main.cli import main; main(['when', '20u']); "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('adapters', 'storage', 'sqlalchemy', 'discord', 'nio', 'pydantic', 'aiohttp')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[1] == "[]"
