"""A code proves what its community signed, and says kindly what is wrong with one that does not."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import chain, islice

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from bot.certificates import Code, check, read_code, sign
from bot.certificates.checking import check_words
from bot.certificates.codes import _ALPHABET, LENGTH
from bot.errors import UserError
from storage.signing import OwnSigning, SigningKeys, verifies
from tests.doubles.certificates import CERTIFICATE, a_certificate, signing_of

KEYS = SigningKeys(None)
HERE, THERE = signing_of(1, KEYS), signing_of(2, KEYS)
CODE = sign(CERTIFICATE, HERE)
PLAIN = CODE.spelled.replace("-", "")
CODES = st.builds(
    Code,
    st.binary(min_size=3, max_size=3),
    st.binary(min_size=8, max_size=8).map(bytes.hex),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=64, max_size=64),
)


def answer(words: str) -> str:
    """What is said of it, by its key."""
    with pytest.raises(UserError) as found:
        check(read_code(words), HERE.known(), verifies, community=1)
    return found.value.text.key


# --- how it is spelled ---


@given(CODES)
def test_what_is_spelled_is_read(code: Code) -> None:
    assert read_code(code.spelled) == code
    assert len(code.spelled) <= 200
    assert [len(line) for line in code.lines] == [49] * 4


@pytest.mark.parametrize(
    "typed",
    [
        "\n".join(CODE.lines),
        PLAIN,
        CODE.spelled.lower(),
        CODE.spelled.replace("-", " — "),
        CODE.spelled.replace("-", "\u00a0\u200b"),
        PLAIN.replace("0", "O").replace("1", "l"),
        PLAIN.replace("0", "o").replace("1", "I"),
        "".join(chr(ord(letter) + 0xFEE0) for letter in PLAIN),  # as some keyboards in Asia write
        f"> `{CODE.lines[0]}`\n> `{CODE.lines[1]}`\n".replace("> ", "") + "\n".join(CODE.lines[2:]),
    ],
)
def test_whatever_a_keyboard_makes_of_it(typed: str) -> None:
    assert read_code(typed) == CODE


# --- what it proves ---


def test_it_proves_who_signed_which_certificate() -> None:
    proof = check(read_code(CODE.spelled), HERE.known(), verifies, community=1)
    assert (proof.code.id, proof.code.digest, proof.key) == (
        CERTIFICATE.id,
        CERTIFICATE.digest,
        HERE.current(),
    )
    check_words(CERTIFICATE, proof)


def test_another_library_verifies_it() -> None:
    public = Ed25519PublicKey.from_public_bytes(HERE.current().raw)
    public.verify(CODE.signature, CODE.signed)


def test_what_was_signed_before_its_key_had_a_successor_is_proved_still() -> None:
    signing = signing_of(1, SigningKeys(None))
    before = sign(CERTIFICATE, signing)
    assert signing.succeed() != signing.known()[0]
    after = sign(CERTIFICATE, signing)
    assert before.key != after.key
    for code in (before, after):
        check(code, signing.known(), verifies, community=1)


def test_a_key_that_gets_a_successor_meanwhile_signs_nothing_that_cannot_be_proved() -> None:
    signing = signing_of(1, SigningKeys(None))

    class Succeeded(OwnSigning):
        def sign(self, words: bytes) -> bytes:
            if len(self.known()) == 1:
                self.succeed()
            return super().sign(words)

    code = sign(CERTIFICATE, Succeeded(signing._keys, signing._db, signing._offload))
    check(code, signing.known(), verifies, community=1)


def test_10000_changed_codes_and_none_verifies() -> None:
    """Each character as any other one, two changed at once, and each bit under checks that are right."""
    one = (
        PLAIN[:at] + other + PLAIN[at + 1 :]
        for at in range(LENGTH)
        for other in _ALPHABET
        if other != PLAIN[at]
    )
    made_up = random.Random(7)
    swapped = (
        "".join(made_up.sample(PLAIN[:9], 9)) + PLAIN[9:] if number % 2 else _two_others(made_up)
        for number in range(10**6)
    )
    spelled = [code for code in islice(chain(one, swapped), 9_200) if code != PLAIN]
    held = CODE.key + bytes.fromhex(CODE.id) + CODE.digest + CODE.signature
    changed = [
        (int.from_bytes(held, "big") ^ 1 << bit).to_bytes(len(held), "big") for bit in range(8 * len(held))
    ]
    codes = [Code(each[:3], each[3:11].hex(), each[11:43], each[43:]) for each in changed]
    wrong = [*spelled, *(code.spelled for code in codes)]
    assert len(wrong) >= 10_000
    keys = HERE.known()
    for words in wrong:
        with pytest.raises(UserError):
            check(read_code(words), keys, verifies)


def _two_others(made_up: random.Random) -> str:
    letters = list(PLAIN)
    for at in made_up.sample(range(LENGTH), 2):
        letters[at] = made_up.choice([letter for letter in _ALPHABET if letter != letters[at]])
    return "".join(letters)


# --- what is wrong with one ---


@pytest.mark.parametrize("at", [0, 44, 45, 100, 179])
def test_one_wrong_character_is_said_to_be_in_its_line(at: int) -> None:
    with pytest.raises(UserError) as found:
        read_code(PLAIN[:at] + ("2" if PLAIN[at] != "2" else "3") + PLAIN[at + 1 :])
    assert found.value.text.key == "certificate.code.line"
    assert found.value.text.values["lines"] == (at // 45 + 1,)


def test_two_that_changed_places_are_seen() -> None:
    at = next(at for at in range(40) if PLAIN[at] != PLAIN[at + 1])
    assert answer(PLAIN[:at] + PLAIN[at + 1] + PLAIN[at] + PLAIN[at + 2 :]) == "certificate.code.line"
    lines = CODE.lines
    assert answer("-".join((lines[1], lines[0], *lines[2:]))) == "certificate.code.line"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("", "certificate.code.none"),
        ("hallo", "certificate.code.none"),
        (PLAIN[:-1], "certificate.code.short"),
        (CODE.lines[0], "certificate.code.short"),
        (PLAIN + "0", "certificate.code.long"),
        (PLAIN.replace(PLAIN[3], "U"), "certificate.code.letter"),
        (PLAIN[:-1] + "é", "certificate.code.letter"),
        ("\x00" * 400, "certificate.code.letter"),
    ],
    # What they hold is another each time.
    ids=["nothing", "word", "one-too-few", "one-line", "one-too-many", "letter", "accent", "controls"],
)
def test_what_is_no_code(words: str, key: str) -> None:
    assert answer(words) == key


def test_each_other_fault_has_an_answer_of_its_own() -> None:
    other = sign(CERTIFICATE, THERE)
    assert answer(other.spelled) == "certificate.check.elsewhere"
    unknown = sign(CERTIFICATE, signing_of(1, SigningKeys(None)))
    assert answer(unknown.spelled) == "certificate.check.unknown_key"
    forged = replace(CODE, digest=a_certificate(neighbours=13).digest)
    assert answer(forged.spelled) == "certificate.check.forged"
    assert answer(replace(other, key=CODE.key).spelled) == "certificate.check.forged"


def test_a_code_of_a_version_to_come_is_said_to_be_that() -> None:
    from bot.certificates import codes

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(codes, "_VERSION", 2)
        newer = CODE.spelled
    assert answer(newer) == "certificate.code.newer"


def test_the_words_have_to_be_those() -> None:
    proof = check(CODE, HERE.known(), verifies)
    for other, key in (
        (a_certificate(name="Anneleen"), "certificate.check.words"),
        (a_certificate(id="f" * 16), "certificate.check.another"),
    ):
        with pytest.raises(UserError) as found:
            check_words(other, proof)
        assert found.value.text.key == key
