"""`make audit`: what is known to be wrong with the packages that are locked, their licences and their age.

Three questions of every package in the lock files: is there a published advisory for this version (asked of
OSV, in one request), does its licence fit Apache-2.0 (its own metadata, as it is installed here), and when
was its last release (asked of PyPI). A source that cannot be reached is named: then nobody has looked.

Exit status: 0 all was looked at and is well, 1 something is wrong, 2 something could not be looked at.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHIPPED, BUILDING, SERVER = "requirements.lock", "requirements-dev.lock", "tests/synapse.lock"
LOCKS = (SHIPPED, BUILDING, SERVER)
DEPENDENCIES = ROOT / "docs" / "dependencies.md"
EXPLAINED = "No release for two years:"
OLD = timedelta(days=730)
SECONDS = 20
_PINNED = re.compile(r"([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)")
# SPDX's names of what may be shipped with, or used by, an Apache-2.0 program.
FITS = {
    *(
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "HPND",
        "ISC",
        "0BSD",
        "Unlicense",
        "PSF-2.0",
        "Python-2.0",
        "Zlib",
        "OFL-1.1",
    ),
    *("Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "MPL-2.0"),
}
# What older metadata says instead, in its words or in a classifier.
_WORDS = {
    r"Apache( Software)?( License)?,?( Version)? ?(2\.0)?": "Apache-2.0",
    r"(The )?MIT( License)?( \(MIT\))?": "MIT",
    r"BSD( License)?": "BSD",
    r"(Internet Systems Consortium|ISC) license( \(ISCL\))?": "ISC",
    r"Python Software Foundation License": "PSF-2.0",
    r"Mozilla Public License 2\.0 \(MPL 2\.0\)": "MPL-2.0",
    # pypdfium2: PDFium and what is built into it are as permissive.
    r"BSD-3-Clause, Apache-2\.0, dependency licenses": "BSD-3-Clause",
}
# How licences begin, for packages whose metadata names none.
_BEGINS = {
    "permission is hereby granted, free of charge, to any person obtaining": "MIT",
    "apache license version 2.0": "Apache-2.0",
    "permission to use, copy, modify, and/or distribute this software": "ISC",
}


@dataclass(slots=True)
class Audit:
    """What was found: `wrong` has to be mended, `unseen` is what nobody could look at."""

    wrong: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    well: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return 1 if self.wrong else 2 if self.unseen else 0


def pinned(lock: Path) -> dict[str, str]:
    """Each package of a lock file, with its version."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return {found[1]: found[2] for line in lines if (found := _PINNED.match(line))}


# --- advisories ---


def look_for_advisories(audit: Audit, packages: Mapping[str, str], osv: str) -> None:
    names = sorted(packages)
    asked = [{"package": {"ecosystem": "PyPI", "name": name}, "version": packages[name]} for name in names]
    try:
        answer = _get(f"{osv}/v1/querybatch", {"queries": asked})
        found = [[each["id"] for each in result.get("vulns", ())] for result in answer["results"]]
        matched = list(zip(names, found, strict=True))
    except (OSError, ValueError, KeyError, TypeError) as error:
        audit.unseen.append(f"Advisories: {osv} cannot be asked ({_short(error)}). Nobody has looked.")
        return
    for name, ids in matched:
        if ids:
            audit.wrong.append(f"{name} {packages[name]}: {', '.join(ids)} (https://osv.dev/{ids[0]})")
    audit.well.append(f"Advisories: {len(names)} packages were looked up at {osv}.")


# --- licences ---


def look_at_licences(audit: Audit, packages: Mapping[str, str]) -> None:
    known = 0
    for name, version in sorted(packages.items()):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            audit.well.append(f"{name} {version} is not installed here: it is for other systems or Pythons.")
            continue
        if found.version != version:
            audit.unseen.append(
                f"{name}: {found.version} is installed, {version} is locked. `make clean`, again."
            )
            continue
        licence = licence_of(found)
        if not licence:
            audit.wrong.append(f"{name} {version} does not say under which licence it is.")
        elif not fits(licence):
            audit.wrong.append(f"{name} {version} is under {licence}, which does not fit Apache-2.0.")
        known += bool(licence)
    audit.well.append(f"Licences: {known} packages say theirs.")


def licence_of(found: metadata.Distribution) -> str:
    """As SPDX writes it; empty where the package does not say."""
    about = found.metadata
    if expression := about.get("License-Expression"):
        return expression
    said = about.get("License") or ""
    classifiers = about.get_all("Classifier") or []
    words = [line.rpartition("::")[2].strip() for line in classifiers if line.startswith("License ::")]
    named = [
        name for each in (said.split("\n")[0].split("  ")[0].split(" =")[0], *words) if (name := _named(each))
    ]
    if named:
        return " AND ".join(dict.fromkeys(named))
    return said.strip() if 0 < len(said) < 60 else _by_its_text(found)


def _named(words: str) -> str:
    words = words.strip()
    if fits(words):
        return words
    return next((name for how, name in _WORDS.items() if re.fullmatch(how, words, re.IGNORECASE)), "")


def _by_its_text(found: metadata.Distribution) -> str:
    for file in found.files or ():
        if re.match(r"(LICEN[CS]E|COPYING)", file.name, re.IGNORECASE):
            text = " ".join(
                Path(str(file.locate())).read_text(encoding="utf-8", errors="replace").split()
            ).lower()
            for begins, name in _BEGINS.items():
                if begins in text:
                    return name
    return ""


def fits(expression: str) -> bool:
    """Whether one of the alternatives that an SPDX expression leaves may be used."""
    expression = expression.strip()
    while (inner := re.search(r"\(([^()]*)\)", expression)) is not None:
        expression = expression.replace(inner[0], "MIT" if fits(inner[1]) else "unfit")
    ways = re.split(r"\s+OR\s+", expression)
    return any(all(part.strip() in FITS for part in re.split(r"\s+AND\s+", way)) for way in ways)


# --- age ---


def look_at_ages(audit: Audit, packages: Mapping[str, str], pypi: str, now: datetime) -> None:
    """Whoever has no release for two years is named in docs/dependencies.md, with what is thought of that."""
    explained = DEPENDENCIES.read_text(encoding="utf-8").partition(EXPLAINED)[2]
    for name in sorted(packages):
        try:
            answer = _get(f"{pypi}/pypi/{name}/json")
            times = [each["upload_time_iso_8601"] for each in _files(answer)]
            newest = max(datetime.fromisoformat(time) for time in times)
        except (OSError, ValueError, KeyError, TypeError) as error:
            audit.unseen.append(
                f"Ages: {pypi} cannot be asked about {name} ({_short(error)}). Nobody has looked."
            )
            return
        if now - newest > OLD and f"| {name} |" not in explained:
            audit.wrong.append(
                f"{name} had its last release on {newest:%Y-%m-%d}: say in {DEPENDENCIES.name} why it stays."
            )
    audit.well.append(f"Ages: {len(packages)} packages were looked up at {pypi}.")


def _files(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for files in answer["releases"].values():
        yield from files


# --- asking ---


def _get(url: str, body: object = None) -> Any:
    """What a source answers. Raises OSError, ValueError."""
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("only over https")
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Content-Type": "application/json", "User-Agent": "plein-audit"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 (looked at above)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def _short(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return f"{type(error).__name__}: {reason or error}"[:120]


def main(arguments: Sequence[str] | None = None) -> int:
    """Look, say it, and give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--osv", default="https://api.osv.dev", help="where advisories are asked for")
    parser.add_argument("--pypi", default="https://pypi.org", help="where releases are asked for")
    where = parser.parse_args(arguments)
    locks = {lock: pinned(ROOT / lock) for lock in LOCKS}
    ours = locks[SHIPPED] | locks[BUILDING]
    audit = Audit()
    look_for_advisories(audit, locks[SERVER] | ours, where.osv)
    look_at_licences(audit, ours)
    look_at_ages(audit, ours, where.pypi, datetime.now(UTC))
    for title, lines in (("", audit.well), ("NOT LOOKED AT", audit.unseen), ("WRONG", audit.wrong)):
        for line in lines:
            print(f"{title}: {line}" if title else line)
    return audit.status


if __name__ == "__main__":
    sys.exit(main())
