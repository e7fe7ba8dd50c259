"""The line below a copy that counts signs: one, where there is room, and only that line is taken away."""

from __future__ import annotations

import pytest

from adapters.discord.counted import LONGEST, with_line, without_line


@pytest.mark.parametrize(
    "words", ["een", "een\ntwee", "-# klein", "een\n-# klein", "een\n:krul: 1", "een\n-# :krul: x"]
)
def test_it_comes_and_goes(words: str) -> None:
    assert without_line(words) == words
    said = with_line(words, [("krul", 2), ("lus", 1)])
    assert said == f"{words}\n-# :krul: 2 · :lus: 1"
    assert without_line(said) == words
    assert with_line(words, []) == words


def test_there_is_none_without_room() -> None:
    line = "\n-# :krul: 1"
    for left in (0, -1):  # as much as there is, and one less
        words = "x" * (LONGEST - len(line) - left)
        assert with_line(words, [("krul", 1)]) == (words if left else words + line)
