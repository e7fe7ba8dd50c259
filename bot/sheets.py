"""Tables that people open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

# What begins a formula where a cell may begin: first of all, behind what parts cells elsewhere (in our
# language a semicolon), or a quotation mark, whatever blanks stand between.
_FORMULA = re.compile(r"(?<![\s;\"])([\s;\"]*+)([=+\-@\uff1d\uff0b\uff0d\uff20])")
_PARTS = re.compile(r"[;\t\r\n\"]")


def as_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Rows that have the same names in the same order, under a line of these names; there is one at least.

    Spreadsheets know the mark before them as UTF-8.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(value: object) -> object:
    """A spreadsheet would run words that begin like a formula: in whichever of the ways in which one parts
    cells, as it does not know in which this file was written.
    """
    return _FORMULA.sub(_quoted, value) if isinstance(value, str) else value


def _quoted(found: re.Match[str]) -> str:
    """With a mark before what begins it, where a cell may begin; all that is blank or parts was read at once,
    as a long row of these would cost the square of its length.
    """
    begins = found.start() == 0 or _PARTS.search(found[1])
    return f"{found[1]}'{found[2]}" if begins else found[0]
