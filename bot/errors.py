"""The kinds of trouble that the core tells apart from bugs."""

from __future__ import annotations

from typing import Any

from bot.model.message import Form, Text


class UserError(Exception):
    """Expected: answered in the person's language, saying what to type instead. Nothing changed.

    `form`, where there is one, asks for what is missing or wrong.
    """

    def __init__(self, key: str, /, **values: Any) -> None:
        super().__init__(key)
        self.text = Text(key, values)
        self.form: Form | None = None

    def asking(self, form: Form | None) -> UserError:
        """The same, with that form."""
        self.form = form
        return self


class Unsure(Exception):
    """It can honestly be read in two ways: asked back, with a button that says yes. Nothing changed.

    `understood` are the arguments as they were understood, to run the same command with.
    """

    def __init__(self, question: Text, **understood: Any) -> None:
        super().__init__(question.key)
        self.question = question
        self.understood = understood


class StoreFailed(Exception):
    """The database could not be read or written just now; nothing was kept, try again."""


class TryLater(Exception):
    """The platform asks for patience: the same thing again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds:.1f} s")
        self.seconds = seconds


class Unreachable(Exception):
    """A place or person cannot be reached, and trying again will not help."""


class Clash(Exception):
    """Two features, or a feature and the core, claim the same thing: nothing starts, and both are named."""
