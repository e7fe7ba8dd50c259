"""`plein convert`, as somebody runs it who reports what reads wrongly."""

from __future__ import annotations

import json

import pytest

from bot.main.convert import convert


def test_each_line_has_an_answer(capfd: pytest.CaptureFixture[str]) -> None:
    given = [
        b'{"input": "**a** <@1>", "names": {"users": {"1": "Mia"}}}',
        b"nope",
        b'{"input": 3}',
        b'{"input": " "}',
    ]
    assert convert("discord", "matrix", given) == 1
    out, err = capfd.readouterr()
    first, *others = [json.loads(line) for line in out.splitlines()]
    assert first["sent"][0]["formatted_body"] == "<strong>a</strong> @Mia"
    assert [each["sent"] for each in others] == [[], [], []]
    assert "line 2: this is no JSON" in err
    assert "line 3: the input from discord is a string" in err


def test_and_back(capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        convert("matrix", "discord", [b'{"input": {"msgtype": "m.text", "body": "\\ud800 @everyone"}}']) == 0
    )
    (sent,) = json.loads(capfd.readouterr().out)["sent"]
    assert sent == {"content": "\ufffd @\u200beveryone", "allowed_mentions": {"parse": []}}
