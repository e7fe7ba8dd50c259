"""What a certificate says is written down to be signed in one way alone."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.certificates.certificate import Certificate, certificate_in, new_id
from tests.doubles.certificates import CERTIFICATE, a_certificate

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
CERTIFICATES = st.builds(
    Certificate,
    id=st.builds(new_id),
    name=WORDS.filter(str.strip),
    community=WORDS,
    themes=st.lists(WORDS, max_size=3).map(tuple),
    since=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    until=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    reasons=st.lists(WORDS, max_size=10).map(tuple),
    neighbours=st.integers(1, 10**6),
    language=st.sampled_from(["nl", "en"]),
    made=st.integers(0, 10**9).map(lambda seconds: CERTIFICATE.made + timedelta(seconds=seconds)),
)


def test_it_is_written_in_this_way() -> None:
    assert CERTIFICATE.canonical.decode() == (
        '{"certificate":1,"community":"Voorbeeldgemeente","from":"2026-03-03","id":"0123456789abcdef",'
        '"language":"nl","made":"2026-11-28T20:00:00+00:00","name":"Annelies Van den Bossche",'
        '"neighbours":12,"reasons":["het opruimen van het pleintje","haar kennis van geluid"],'
        '"themes":["sport","cultuur"],"until":"2026-11-12"}'
    )
    assert CERTIFICATE.digest.hex() == "d5fd9949c41aad4dec24209d4962be1ef6677550f9f6cdcdc56f64125869c08a"


@given(CERTIFICATES)
def test_what_is_read_back_has_the_same_hash(certificate: Certificate) -> None:
    read = certificate_in(json.loads(certificate.canonical))
    assert read.digest == certificate.digest
    assert certificate_in(json.loads(read.canonical)) == read


def test_letters_in_two_parts_are_the_same_letters() -> None:
    apart, whole = (a_certificate(name=name) for name in ("Zoe\u0308", "Zo\u00eb"))
    assert apart.digest == whole.digest


def test_so_is_a_moment_in_another_zone() -> None:
    elsewhere = datetime(2026, 11, 28, 21, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert a_certificate(made=elsewhere).digest == CERTIFICATE.digest


@pytest.mark.parametrize(
    "wrong",
    [
        *({"id": "0123"}, {"id": "0123456789ABCDEF"}, {"name": " "}, {"neighbours": 0}),
        *({"reasons": ("",) * 11}, {"until": date(2026, 3, 2)}),
    ],
)
def test_what_no_certificate_says(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        a_certificate(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"more": 1}, {"certificate": 2}, {"name": 7}, {"name": "\ud800"}, {"themes": "sport"}),
        *({"neighbours": True}, {"neighbours": "12"}, {"neighbours": 1.0}, {"made": "2026-11-28T20:00:00"}),
        *({"from": "3 maart"}, {"reasons": [1]}, {"id": None}),
    ],
)
def test_what_is_no_certificate(wrong: dict[str, Any]) -> None:
    said = json.loads(CERTIFICATE.canonical)
    with pytest.raises(ValueError):
        certificate_in({**said, **wrong})
    with pytest.raises(ValueError):
        certificate_in({name: value for name, value in said.items() if name not in wrong} | {"x": 1})
    with pytest.raises(ValueError):
        certificate_in([said])
