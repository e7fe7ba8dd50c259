"""Messages from one platform's form into the other's, beside a parser of CommonMark on the same text."""

from __future__ import annotations

import time
from collections.abc import Callable

from markdown_it import MarkdownIt

from adapters.discord.rich import read as from_discord
from adapters.discord.rich import write as to_discord
from adapters.matrix.rich import read as from_matrix
from adapters.matrix.rich import write as to_matrix
from bench.figures import RUNS, Figure, compare
from bot.rich import Names

NAMES = Names(people={"1": "Mia"})
# What people write: mostly plain, some of it laid out.
SAID = [
    "Wie brengt er soep mee vrijdag?",
    "Ik! <@1> ook, denk ik 🙂",
    "Het verslag staat op https://example.org/verslag, **lees het** voor *vrijdag* aub",
    "> Wie brengt er soep mee?\nIk doe het, met __veel__ wortels",
    "# Agenda\n- welkom\n- het plein\n  - bomen\n- rondvraag",
    "```py\nprint('dag')\n```\ndat is alles, `make run` en ~~niet~~ klaar ||verrassing||",
    "zeker",
    "Zullen we het daar zaterdag nog eens over hebben? Ik weet niet of iedereen kan, en het is al laat.",
]
ROUNDS = 60


async def measure() -> list[Figure]:
    rich = [from_discord.read(said, NAMES) for said in SAID]
    contents = [to_matrix.write(each, NAMES)[0] for each in rich]
    markdown = MarkdownIt("commonmark").enable("strikethrough")
    parsed = markdown.parse
    common = _means(lambda: [parsed(said) for said in SAID])
    shown = _means(lambda: [markdown.render(said) for said in SAID])
    beside, whole = "markdown-it-py parses it", "markdown-it-py renders it"
    there = _means(lambda: [to_matrix.write(from_discord.read(said, NAMES), NAMES) for said in SAID])
    back = _means(lambda: [to_discord.write(from_matrix.read(each, NAMES), NAMES) for each in contents])
    reads = (
        ("reading Discord's markdown", _means(lambda: [from_discord.read(said, NAMES) for said in SAID])),
        ("reading Matrix's HTML", _means(lambda: [from_matrix.read(each, NAMES) for each in contents])),
    )
    writes = (
        ("writing Matrix's HTML", _means(lambda: [to_matrix.write(each, NAMES) for each in rich])),
        ("writing Discord's markdown", _means(lambda: [to_discord.write(each, NAMES) for each in rich])),
    )
    return [
        *(compare(name, "us", ours, beside, common, "at most 1") for name, ours in reads),
        *(compare(name, "us", ours, whole, shown, "at most 1") for name, ours in writes),
        compare("a message from Discord to Matrix", "us", there, "5,000 a second", 200.0, "at most 1"),
        compare("a message from Matrix to Discord", "us", back, "5,000 a second", 200.0, "at most 1"),
    ]


def _means(once: Callable[[], object]) -> list[float]:
    """Microseconds a message."""
    means = []
    for _ in range(RUNS):
        start = time.process_time()
        for _ in range(ROUNDS):
            once()
        means.append((time.process_time() - start) * 1e6 / ROUNDS / len(SAID))
    return means
