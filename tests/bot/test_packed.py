"""Files that are too large for a platform are handed out whole all the same, each below its limit."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from zipfile import ZipFile

import pytest

from bot.exported import PIECE, as_documents
from bot.model.message import Text
from bot.packed import File, files_below

MOST = 1_200_000


def written(said: Text | str) -> str:
    return said if isinstance(said, str) else said.key


def rows_in(files: list[File]) -> list[int]:
    """The numbers of the rows that are in these, in their order."""
    documents = []
    for file in files:
        if file.form != "zip":
            documents.append(file.data)
            continue
        with ZipFile(io.BytesIO(file.data)) as archive:
            assert archive.testzip() is None
            documents += [archive.read(name) for name in archive.namelist()]
    return [row["number"] for document in documents for row in json.loads(document).get("posts", ())]


@pytest.mark.parametrize(("count", "size"), [(0, 1), (3, 10), (40, 50_000), (5_000, 2_000)])
@pytest.mark.parametrize("random_words", [True, False])
def test_all_of_it_is_handed_out_below_the_limit(count: int, size: int, random_words: bool) -> None:
    chance = random.Random(count)
    words = [chance.randbytes(size // 2).hex() if random_words else "x" * size for _ in range(count)]
    kept = {"posts": [{"number": number, "message": words[number]} for number in range(count)]}
    files = files_below(MOST, "me-7.json", as_documents(kept, written))
    assert rows_in(files) == list(range(count))
    assert all(len(file.data) <= MOST for file in files)
    if count * size < PIECE:
        assert [file.name for file in files] == ["me-7.json"]
    elif len(files) > 1:
        assert [file.name for file in files] == [f"me-7-{number + 1}.zip" for number in range(len(files))]
    else:
        assert [file.name for file in files] == ["me-7.zip"]


def test_no_more_is_made_at_once_than_goes_into_one() -> None:
    """Documents are made one after the other, however many there are."""
    made = 0

    def rows() -> Iterator[dict[str, str]]:
        nonlocal made
        for _ in range(1_000):
            made += 1
            yield {"message": "x" * 10_000}

    kept = {"posts": rows()}
    documents = as_documents(kept, written)  # type: ignore[arg-type]
    next(documents)
    assert made * 10_000 <= PIECE + 20_000


def test_what_is_no_larger_than_the_limit_is_as_it_is() -> None:
    assert files_below(10, "poll-1.csv", [b"1234567890"]) == [File("poll-1.csv", "csv", b"1234567890")]
    (packed,) = files_below(300, "poll-1.csv", [b"1" * 10_000])
    assert (packed.name, packed.form) == ("poll-1.zip", "zip")
    assert len(packed.data) < 300
