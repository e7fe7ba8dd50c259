"""`plein verify`, as somebody runs it who was shown a certificate."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bot.certificates import Code, make, sign
from bot.main.cli import main
from bot.texts import Texts
from storage.signing import SigningKeys
from tests.chat import BRUSSELS
from tests.doubles.certificates import CERTIFICATE, a_certificate, signing_of

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Plein runs, with a database of its own that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "nl_BE.UTF-8")
    return tmp_path


@pytest.fixture
def keys(home: Path) -> SigningKeys:
    return SigningKeys(home / "data" / "plein.db-signing")


@pytest.fixture
def code(keys: SigningKeys) -> Code:
    return sign(CERTIFICATE, signing_of(1, keys))


@pytest.fixture
def pdf(home: Path, code: Code) -> Path:
    (file := home / "oorkonde.pdf").write_bytes(make(CERTIFICATE, code, Texts(), BRUSSELS).pdf)
    return file


def test_a_file_is_what_was_signed(pdf: Path, capsys: Capture) -> None:
    assert main(["verify", str(pdf)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Dit klopt: de gemeenschap tekende deze woorden, en geen andere.\n")
    assert (
        "12 buren bedankten “Annelies Van den Bossche” met deze woorden:\n• het opruimen van het pleintje\n"
        in said
    )
    assert "Vergelijk ze met wat je op het blad ziet" in said
    assert not (pdf.parent / "data" / "plein.db").exists(), "no database is asked, or made"


def test_in_english_too(pdf: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert main(["verify", str(pdf)]) == 0
    said = capsys.readouterr().out
    assert "This is right: the community signed these words, and no others." in said
    assert "12 neighbours thanked “Annelies Van den Bossche” in these words:" in said


def test_a_code_proves_less_and_says_so(code: Code, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ([code.spelled], list(code.lines), code.spelled.lower().split("-")):
        assert main(["verify", *given]) == 0
        said = capsys.readouterr().out
        assert "De code is echt: de gemeenschap tekende oorkonde 0123456789abcdef." in said
        assert "bewijst alleen het bestand" in said
    typed = io.TextIOWrapper(io.BytesIO("\n".join(code.lines).encode()))
    monkeypatch.setattr("sys.stdin", typed)
    assert main(["verify"]) == 0


def test_so_does_one_in_a_file(home: Path, code: Code, capsys: Capture) -> None:
    (home / "code.txt").write_text("\n".join(code.lines), encoding="utf-8")
    assert main(["verify", "code.txt"]) == 0
    assert "De code is echt" in capsys.readouterr().out


def test_one_changed_word_is_refused(pdf: Path, capsys: Capture) -> None:
    pdf.write_bytes(pdf.read_bytes().replace(b'"neighbours":12', b'"neighbours":99'))
    assert main(["verify", str(pdf)]) == 1
    found = capsys.readouterr()
    assert "in het bestand staat iets anders dan wat getekend werd" in found.err
    assert not found.out


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"%PDF-1.7\nhello", "In dat bestand zit geen oorkonde"),
        (b"{}", "In dat bestand zit geen oorkonde"),
        (b"hallo", "Dat is geen code van een oorkonde"),
        (b"\x89PNG\r\n\x1a\n" + bytes(3000), "In dat bestand zit geen oorkonde"),
        (b"A" * 20_000, "In dat bestand zit geen oorkonde"),
        (b"%PDF-" + bytes(2_000_000), "Dat bestand is te groot voor een oorkonde: die heeft hoogstens 2 MB"),
        (None, "kan niet gelezen worden"),
    ],
)
def test_what_is_none(home: Path, code: Code, file: bytes | None, said: str, capsys: Capture) -> None:
    if file is not None:
        (home / "it.pdf").write_bytes(file)
    assert main(["verify", "it.pdf"]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("A" * 300, "Deze code is te lang"),
        ("A" * 100_000, "Deze code is te lang"),
        ("A\x00B", "Dat is geen code"),
        ("A\x00B.pdf", "kan niet gelezen worden"),
        ("A" * 300 + ".pdf", "kan niet gelezen worden"),
        ("\x1b[2J.pdf", "kan niet gelezen worden"),
        ("\udcff" * 30, "komt in geen code voor"),
        ("/dev/zero", "In dat bestand zit geen oorkonde"),
    ],
)
def test_whatever_is_typed_is_answered(code: Code, words: str, said: str, capsys: Capture) -> None:
    assert main(["verify", words]) == 1
    found = capsys.readouterr().err
    assert said in found
    assert "\x1b" not in found


def test_so_is_whatever_is_on_the_input(pdf: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(data: bytes) -> int:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        return main(["verify"])

    assert verify(pdf.read_bytes()) == 0
    assert "Dit klopt" in capsys.readouterr().out
    for data, said in ((b"\xff" * 300, "geen oorkonde"), (bytes(3_000_000), "te groot"), (b"", "geen code")):
        assert verify(data) == 1
        assert said in capsys.readouterr().err


def test_a_file_of_keys_may_be_called_anything(pdf: Path, capsys: Capture) -> None:
    for name in ("A\x00B", "A" * 300):
        with pytest.raises(SystemExit):
            main(["verify", "--key", name, str(pdf)])
        assert "there is no file" in capsys.readouterr().err


def test_a_folder_is_no_certificate(home: Path, code: Code, capsys: Capture) -> None:
    assert main(["verify", str(home)]) == 1
    assert "In dat bestand zit geen oorkonde" in capsys.readouterr().err


def test_each_wrong_code_is_told_what_is_wrong(keys: SigningKeys, code: Code, capsys: Capture) -> None:
    elsewhere = sign(a_certificate(name="Ben"), signing_of(1, SigningKeys(None)))
    last = code.spelled[-1]
    for words, said in (
        (code.spelled[:-1] + ("2" if last != "2" else "3"), "In regel 4 van de code klopt iets niet"),
        (code.spelled[:-3], "er ontbreken 3 tekens van de 180"),
        (elsewhere.spelled, f"({elsewhere.key.hex()}), is hier niet bekend"),
        ("hallo daar", "Dat is geen code"),
    ):
        assert main(["verify", words]) == 1
        assert said in capsys.readouterr().err


def test_with_the_keys_that_the_community_gave(pdf: Path, keys: SigningKeys, capsys: Capture) -> None:
    """Elsewhere, with nothing but a file of keys, which other programs read as well."""
    keys.succeed(1)
    assert main(["verify", "--show-keys"]) == 0
    shown = capsys.readouterr().out
    first = load_pem_public_key(shown[shown.index("-----") :].encode())
    assert isinstance(first, Ed25519PublicKey)
    assert first.public_bytes_raw() == keys.known()[0].raw
    (home := pdf.parent / "elsewhere").mkdir()
    (given := home / "keys.pem").write_text(shown, encoding="ascii")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(home)
        assert main(["verify", str(pdf)]) == 1
        assert "Hier is geen sleutel om mee na te kijken" in capsys.readouterr().err
        assert main(["verify", "--show-keys"]) == 1
        capsys.readouterr()
        assert main(["verify", "--key", str(given), str(pdf)]) == 0
        given.write_text("hallo", encoding="ascii")
        assert main(["verify", "--key", str(given), str(pdf)]) == 1
        assert "staat geen sleutel" in capsys.readouterr().err


def test_what_was_signed_before_its_key_had_a_successor_is_right_still(
    pdf: Path, keys: SigningKeys, capsys: Capture
) -> None:
    before = keys.current(1)
    assert main(["db", "new-signing-keys"]) == 0
    assert "Give these to whoever checks them" in capsys.readouterr().out
    assert keys.current(1) != before
    assert main(["verify", str(pdf)]) == 0


def test_the_configuration_says_where_the_keys_are(home: Path, pdf: Path, capsys: Capture) -> None:
    (home / "data" / "plein.db-signing").rename(home / "elsewhere")
    (home / "config.toml").write_text('[database]\nsigning = "elsewhere"\n', encoding="utf-8")
    assert main(["verify", str(pdf)]) == 0
    (home / "config.toml").write_text("[database]\nsigning = 7\n", encoding="utf-8")
    assert main(["verify", str(pdf)]) == 2


def test_what_somebody_is_called_steers_no_terminal(home: Path, keys: SigningKeys, capsys: Capture) -> None:
    evil = a_certificate(name="\x1b[31mAnna\u202e", reasons=("\x1b]0;x\x07",), community="\x1b[2J")
    made = make(evil, sign(evil, signing_of(1, keys)), Texts(), BRUSSELS)
    (home / "it.pdf").write_bytes(made.pdf)
    assert main(["verify", "it.pdf"]) == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(capsys.readouterr().out)
