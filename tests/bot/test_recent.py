"""What is remembered for a while has a bound."""

from __future__ import annotations

from bot.recent import Recent


def test_past_its_bound_what_was_not_asked_for_longest_goes() -> None:
    known: Recent[int, str] = Recent(100)
    for number in range(10_000):
        known[number] = str(number)
        assert known.get(0, "gone") == "0"
        assert len(known) <= 100
    assert known.get(9_999) == "9999"
    assert known.get(9_000) is None


def test_what_is_set_again_is_as_new() -> None:
    known: Recent[str, int] = Recent(2)
    for key in ("a", "b", "a", "c"):
        known[key] = 1
    assert list(known) == ["a", "c"]
    known.pop("a", None)
    assert "a" not in known
