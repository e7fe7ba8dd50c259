"""Where something is and what a poll asks, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rich import Link, Listed, Words, plain, text_of
from bot.told import LONGEST, MOST_OPTIONS, Spot, on_the_map, poll, spot_in


@pytest.mark.parametrize(
    ("address", "spot"),
    [
        ("geo:51.0543,3.7174", ("51.0543", "3.7174")),
        ("geo:-33.9,-18.4,12.5;u=35", ("-33.9", "-18.4")),
        ("GEO:90,180;crs=WGS84;u=1", ("90", "180")),
        ("geo:1,2;crs=moon-2011", None),
        ("geo:91,0", None),
        ("geo:0,181", None),
        ("geo:1,2 ", None),
        ("geo:1,2\n", None),
        ("geo:1.,2", None),
        ("geo:١,٢", None),
        ("geo:1,2;u=<script>", None),
        ("geo:1,2,3,4", None),
        ("geo:nan,inf", None),
        ("geo:1e5,2", None),
        ("https://plein.be", None),
        ("geo:1,2" + ";a=b" * 400, None),
        ("", None),
        (None, None),
        (["geo:1,2"], None),
    ],
)
def test_only_what_is_somewhere_on_earth_is_a_spot(address: object, spot: tuple[str, str] | None) -> None:
    assert spot_in(address) == (Spot(*spot) if spot else None)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_any_degrees_are_one(latitude: float, longitude: float) -> None:
    found = spot_in(f"geo:{latitude:.6f},{longitude:.6f}")
    assert found == Spot(f"{latitude:.6f}", f"{longitude:.6f}")


@given(st.text())
def test_nothing_else_raises(address: str) -> None:
    spot_in(address)
    spot_in(f"geo:{address}")


def test_it_leads_to_a_map() -> None:
    words = on_the_map(Spot("51.05", "3.72"), "De fontein")
    link = "https://www.openstreetmap.org/?mlat=51.05&mlon=3.72#map=16/51.05/3.72"
    assert words == (Words("📍 "), Link(link, (Words("De fontein"),)))


def test_a_poll_is_its_question_and_options() -> None:
    rich = poll("Een peiling", "Waar\nspreken we af?", ["Fontein", " Plein "])
    assert plain(rich) == "Een peiling\n\nWaar spreken we af?\nFontein\nPlein"
    assert rich[-1] == Listed(((Words("Fontein"),), (Words("Plein"),)))
    assert plain(poll("Een peiling", "Wat?", [])) == "Een peiling\n\nWat?"


def test_of_a_huge_poll_so_much_is_told() -> None:
    *_, listed = poll("x", "y" * 10_000, ["z" * 10_000] * 1_000)
    assert isinstance(listed, Listed)
    assert len(listed.items) == MOST_OPTIONS
    assert {len(text_of(item)) for item in listed.items} == {LONGEST}
