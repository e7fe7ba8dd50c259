"""`plein draw --check`, as somebody runs it who doubts a draw."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot import lot
from bot.main.cli import main


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a draw between Ben and Cas, as Anna had a turn."""
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "nl_BE.UTF-8")
    entrants = [
        lot.entrant("anna", date(2026, 12, 1), "0b"),
        lot.entrant("ben", None, "0c"),
        lot.entrant("cas", None, "0a"),
    ]
    number = "07"
    seal = lot.seal_of(number)
    made = lot.Published("sport", seal, number, entrants, lot.code_of(seal, entrants), (3,))
    (path := tmp_path / "draw-1.json").write_text(lot.written(made), encoding="utf-8")
    return path


def test_a_draw_is_repeated(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "--check", str(file)]) == 0
    said = capsys.readouterr().out
    assert "Dit klopt: cas werd geloot in “sport”." in said
    assert "Geloot werd tussen ben en cas" in said
    assert "Het getal gedeeld door 2 laat 1 over" in said
    assert lot.seal_of("07") in said


def test_one_changed_name_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace('"cas"', '"dora"'), encoding="utf-8")
    assert main(["draw", "--check", str(file)]) == 1
    found = capsys.readouterr()
    assert "de naam “dora” stond zo niet in de lijst" in found.err
    assert not found.out


def test_in_english_too(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert main(["draw", "--check", str(file)]) == 0
    assert "This is right: cas was drawn in “sport”." in capsys.readouterr().out


def test_who_was_forgotten_is_somebody(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = file.read_text(encoding="utf-8").replace('"name": "cas",\n      "salt": "0a"', '"name": null')
    file.write_text(kept, encoding="utf-8")
    assert main(["draw", "--check", str(file)]) == 0
    assert "Dit klopt: een bewoner werd geloot" in capsys.readouterr().out


def test_what_is_no_draw_is_said_to_be_none(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for contents in (b"\xff\xfe", b"hallo"):
        file.write_bytes(contents)
        assert main(["draw", "--check", str(file)]) == 1
        assert "geen bestand van een loting" in capsys.readouterr().err


def test_of_several_each_is_repeated_in_turn(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entrants = [lot.entrant(name, None, "0a") for name in ("anna", "ben", "cas")]
    seal, drawn = lot.seal_of("07"), lot.drawn_by("07", entrants, 2)
    made = lot.Published("Sportraad", seal, "07", entrants, lot.code_of(seal, entrants), drawn)
    file.write_text(lot.written(made), encoding="utf-8")
    assert main(["draw", "--check", str(file)]) == 0
    said = capsys.readouterr().out
    who = [entrants[place - 1].name for place in drawn]
    assert f"Dit klopt: voor “Sportraad” werden {who[0]} en {who[1]} geloot, in die volgorde." in said
    assert "Het getal gedeeld door 3 laat 1 over" in said
    assert "Het getal gedeeld door 2 laat" in said
    swapped = lot.written(made).replace('"drawn": [', '"drawn": [ 9, ')
    file.write_text(swapped, encoding="utf-8")
    assert main(["draw", "--check", str(file)]) == 1
