"""What `make audit` finds, and that it says so where it could not look."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NOBODY = "http://127.0.0.1:1"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("plein_audit", ROOT / ".ci" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


audit = _load()


class Source(BaseHTTPRequestHandler):
    """Answers as OSV and PyPI do: `bad` is what is known to be wrong, `old` what was released long ago."""

    bad: tuple[str, ...] = ()
    old: tuple[str, ...] = ()

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [[{"id": "GHSA-test"}] if query["package"]["name"] in self.bad else [] for query in queries]
        self._answer({"results": [{"vulns": vulns} if vulns else {} for vulns in known]})

    def do_GET(self) -> None:
        name = self.path.split("/")[2]
        year = 2020 if name in self.old else 9000
        self._answer({"releases": {"1": [{"upload_time_iso_8601": f"{year}-01-01T00:00:00Z"}], "0": []}})

    def _answer(self, what: object) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads along."""


@pytest.fixture
def source() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def looked(capsys: pytest.CaptureFixture[str], osv: str, pypi: str) -> tuple[int, str]:
    status = audit.main(["--osv", osv, "--pypi", pypi])
    return status, capsys.readouterr().out


def test_all_that_is_locked_is_well(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The licences are those of the packages that are installed here."""
    status, said = looked(capsys, source, source)
    assert status == 0, said
    assert "WRONG" not in said
    assert "NOT LOOKED AT" not in said


def test_what_nobody_could_look_at_is_said(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    for osv, pypi, missing in ((NOBODY, source, "Advisories"), (source, NOBODY, "Ages")):
        status, said = looked(capsys, osv, pypi)
        assert status == 2
        assert f"NOT LOOKED AT: {missing}: {NOBODY} cannot be asked" in said
        assert "Nobody has looked" in said


@pytest.mark.parametrize("name", ["aiohttp", "pytest", "matrix-synapse"])
def test_an_advisory_is_wrong(
    source: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Source, "bad", (name,))
    status, said = looked(capsys, source, source)
    assert status == 1
    assert f"WRONG: {name} " in said
    assert "GHSA-test" in said


def test_an_old_package_is_wrong_unless_it_is_explained(
    source: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "old", ("unpaddedbase64", "atomicwrites"))
    assert looked(capsys, source, source)[0] == 0
    monkeypatch.setattr(Source, "old", ("orjson",))
    status, said = looked(capsys, source, source)
    assert status == 1
    assert "orjson had its last release on 2020-01-01" in said


def test_what_is_explained_is_locked() -> None:
    ours = audit.pinned(ROOT / audit.SHIPPED) | audit.pinned(ROOT / audit.BUILDING)
    words = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    table = words.split("No release for two years")[1].split("\n\n")[1].splitlines()[2:]
    assert {line.split("|")[1].strip() for line in table} <= ours.keys()
    assert len(ours) > 80


@pytest.mark.parametrize(
    ("licence", "fit"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-or-later", False),
        ("(MIT AND GPL-2.0) OR (GPL-3.0 AND BSD-3-Clause)", False),
        ("LGPL-3.0-only", False),
        ("", False),
    ],
)
def test_which_licences_fit(licence: str, fit: bool) -> None:
    assert audit.fits(licence) is fit
