"""What people write on either platform, as `plein convert` carries it, judged by how each shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import html
from tests.corpus.compare import Case, Verdict, judge_for_discord, judge_for_matrix
from tests.corpus.page import marked_words, shown

HERE = Path(__file__).parent / "corpus"
ENOUGH = 0.97
WAYS = {"discord_to_matrix": judge_for_matrix, "matrix_to_discord": judge_for_discord}
CORPORA = {**WAYS, **{f"unseen_{way}": judge for way, judge in WAYS.items()}}
NOBODY: dict[str, list[str]] = {"parse": []}


def cases_of(corpus: str) -> list[Case]:
    """The cases of a corpus, a JSON object a line."""
    return [json.loads(line) for line in (HERE / f"{corpus}.jsonl").read_text("utf-8").split("\n") if line]


def converted(way: str, cases: list[Case]) -> list[list[dict[str, Any]]]:
    """What `plein convert` makes of all of them, in one process."""
    come_from, _, go_to = way.removeprefix("unseen_").partition("_to_")
    lines = "".join(json.dumps(case["in"]) + "\n" for case in cases)
    ran = subprocess.run(
        [sys.executable, "-m", "bot.main", "convert", "--from", come_from, "--to", go_to],
        input=lines.encode(),
        capture_output=True,
        cwd=HERE.parent.parent,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    told = ran.stdout.decode().removesuffix("\n").split("\n")
    assert len(told) == len(cases), f"{len(told)} answers to {len(cases)} lines"
    return [json.loads(line)["sent"] for line in told]


def about(case: Case, sent: list[dict[str, Any]], verdict: Verdict) -> str:
    """What is wrong with a case, and why it is."""
    faults = "; ".join(verdict.hostile + verdict.wrong)
    said = json.dumps(sent, ensure_ascii=True)[:400]
    return (
        f"{'HOSTILE ' if verdict.hostile else ''}{case['name']}: {faults}\n"
        f"    why: {case['why']}\n    in:  {json.dumps(case['in']['input'])[:400]}\n    out: {said}"
    )


@pytest.mark.parametrize("corpus", CORPORA)
def test_nearly_everything_is_right_and_nothing_does_harm(corpus: str) -> None:
    cases = cases_of(corpus)
    sents = converted(corpus, cases)
    verdicts = [CORPORA[corpus](case, sent) for case, sent in zip(cases, sents, strict=True)]
    judged = list(zip(cases, sents, verdicts, strict=True))
    wrong = [about(*one) for one in judged if not one[2].right]
    share = 1 - len(wrong) / len(cases)
    report = f"{len(cases) - len(wrong)} of {len(cases)} right, {share:.1%}\n" + "\n".join(wrong)
    assert not any(verdict.hostile for verdict in verdicts), report
    assert share >= ENOUGH, report


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_corpus_is_large_hard_and_names_its_sources(corpus: str) -> None:
    cases = cases_of(corpus)
    assert len(cases) >= (60 if corpus.startswith("unseen") else 170)
    assert sum(case["hard"] for case in cases) * 2 >= len(cases)
    assert len({case["name"] for case in cases}) == len(cases)
    assert all(len(case["why"]) > 10 for case in cases)
    rules = {"right", "holds", "like", "links", "joined", "nothing"}
    assert all(rules & case.keys() for case in cases)


def as_event(formatted: str) -> dict[str, Any]:
    """HTML as the event that it would be sent as."""
    body = "".join(
        "[Spoiler]" if any(style.startswith("spoiler:") for style in styles) else words
        for words, styles in marked_words(html.read(formatted)[0])
    )
    event: dict[str, Any] = {"msgtype": "m.text", "body": body.strip(), "m.mentions": {}}
    return {**event, "format": "org.matrix.custom.html", "formatted_body": formatted}


@pytest.mark.parametrize("corpus", CORPORA)
def test_whatever_is_called_right_is_judged_right(corpus: str) -> None:
    for case in cases_of(corpus):
        for right in case.get("right", []) + ([case["joined"]] if case.get("parts") == [1, 1] else []):
            if CORPORA[corpus] is judge_for_matrix:
                verdict = judge_for_matrix(case, [as_event(right)])
            else:
                verdict = judge_for_discord(case, content(*[right] if isinstance(right, str) else right))
            assert verdict.right, about(case, [right], verdict)


def matrix(formatted: str, **more: Any) -> list[dict[str, Any]]:
    return [{**as_event(formatted), **more}]


def content(*contents: str, allowed: Any = NOBODY) -> list[dict[str, Any]]:
    return [{"content": one, "allowed_mentions": allowed} for one in contents]


BOLD: Case = {"in": {"input": "**een** twee"}, "right": ["<b>een</b> twee"]}
LINK: Case = {
    "in": {"input": "[plan](https://plein.example)"},
    "right": ["<a href='https://plein.example'>plan</a>"],
}
HIDDEN: Case = {"in": {"input": "||Gent|| won"}, "right": ["<span data-mx-spoiler>Gent</span> won"]}


@pytest.mark.parametrize(
    ("case", "sent"),
    [
        (BOLD, matrix("<p><strong>een</strong>  twee</p>\n")),
        (BOLD, matrix("<b>e</b><strong>en</strong> twee")),
        (LINK, matrix("<a href='https://PLEIN.example/'>plan</a>")),
        (HIDDEN, matrix("<span data-mx-spoiler=''>Gent</span> won")),
    ],
)
def test_the_same_in_other_words_is_right(case: Case, sent: list[dict[str, Any]]) -> None:
    assert judge_for_matrix(case, sent) == Verdict()


@pytest.mark.parametrize(
    ("case", "sent", "harmful"),
    [
        (BOLD, matrix("<i>een</i> twee"), False),
        (BOLD, matrix("<b>een twee</b>"), False),
        (BOLD, matrix("<b>een</b><br>twee"), False),
        (BOLD, [], True),
        (BOLD, matrix("<b>een</b>"), True),
        (BOLD, matrix("<b>een</b> **twee"), True),
        (BOLD, matrix("<b>een twee"), True),
        (BOLD, matrix("<b onclick='x()'>een</b> twee"), True),
        (BOLD, matrix("<b>een</b> twee<script>x()</script>"), True),
        (BOLD, matrix("<b>een</b> twee", **{"m.mentions": {"room": True}}), True),
        (LINK, matrix("<a href='https://kwaad.example'>plan</a>"), True),
        (LINK, matrix("<a href='javascript:x()'>plan</a>"), True),
        (LINK, matrix("<a href='https://plein.example'>bank.nl plan</a>"), True),
        (HIDDEN, matrix("<span data-mx-spoiler>Gent</span> won", body="[Spoiler] Gent won"), False),
    ],
)
def test_what_is_otherwise_on_matrix_is_not(case: Case, sent: list[dict[str, Any]], harmful: bool) -> None:
    verdict = judge_for_matrix(case, sent)
    assert not verdict.right
    assert bool(verdict.hostile) == harmful


THICK: Case = {"in": {"input": {"body": "een twee"}}, "right": ["**een** *twee*"]}
LONG: Case = {"in": {"input": {"body": "-"}}, "joined": "**" + "woord " * 400 + "einde**", "parts": [2, 2]}
HALVES = ["**" + "woord " * 200 + "**", "**" + "woord " * 200 + "einde**"]


@pytest.mark.parametrize(
    ("case", "sent"),
    [
        (THICK, content("**een** _twee_")),
        (THICK, content("**een **_twee_")),
        (LONG, content(*HALVES)),
    ],
)
def test_the_same_in_other_marks_is_right(case: Case, sent: list[dict[str, Any]]) -> None:
    assert judge_for_discord(case, sent) == Verdict()


@pytest.mark.parametrize(
    ("case", "sent", "harmful"),
    [
        (THICK, content("**een** **twee**"), False),
        (THICK, content("**een** \\_twee\\_"), False),
        (THICK, content("**een**", "*twee*"), False),
        (THICK, content("**een *twee*"), True),
        (THICK, content("**een**"), True),
        (THICK, content("**een** *twee*", allowed={"parse": ["users"]}), True),
        (THICK, content("**een** *twee*", allowed=None), True),
        (THICK, content("**een** [*twee*](https://kwaad.example)"), True),
        (LONG, content("".join(HALVES).replace("****", "")), False),
        (LONG, content(HALVES[0], HALVES[1][2:]), True),
        (LONG, content(HALVES[0], HALVES[1].replace("einde", "")), True),
        (LONG, content(HALVES[0][:-4] + "**", "**d " + HALVES[1][2:]), False),
    ],
)
def test_what_is_otherwise_on_discord_is_not(case: Case, sent: list[dict[str, Any]], harmful: bool) -> None:
    verdict = judge_for_discord(case, sent)
    assert not verdict.right
    assert bool(verdict.hostile) == harmful


def test_everything_that_is_read_of_a_page_is_shown() -> None:
    assert shown(html.read("<ul><li>een<br>twee</li></ul><pre>drie</pre>")[0]) == "een\ntwee\ndrie"
