"""The languages that there are tables for."""

from __future__ import annotations

from collections.abc import Iterator

from bot.when.dutch import DUTCH
from bot.when.english import ENGLISH
from bot.when.language import Language

LANGUAGES = {"nl": DUTCH, "en": ENGLISH}


def languages(locale: str) -> Iterator[Language]:
    """All, the person's own first."""
    if locale in LANGUAGES:
        yield LANGUAGES[locale]
    yield from (language for name, language in LANGUAGES.items() if name != locale)
