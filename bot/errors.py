"""The kinds of trouble that the core tells apart from bugs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from bot.model.message import Form, Message, Text, text
from bot.model.people import Identity
from bot.model.signs import Why

# What may be meant: what its button says, and the arguments as they would be then.
Choice = tuple[Text, Mapping[str, Any]]
_OTHERWISE = text("unsure.no")


def yes(**understood: Any) -> Sequence[Choice]:
    """The one choice where there is one: yes, the arguments were understood well."""
    return ((text("unsure.yes"), understood),)


class UserError(Exception):
    """Expected: answered in the person's language, saying what to type instead. Nothing changed.

    `form`, where there is one, asks for what is missing or wrong. `open`: whoever saw what was typed may
    see this as well. `instead`: the value that was wrong, as it could be.
    """

    def __init__(self, key: str, /, **values: Any) -> None:
        super().__init__(key)
        self.text = Text(key, values)
        self.form: Form | None = None
        self.open = False
        self.instead: str | None = None

    def openly(self) -> UserError:
        """The same, for others to see as well."""
        self.open = True
        return self

    def better(self, instead: str) -> UserError:
        """The same, with what could have been typed."""
        self.instead = instead
        return self

    def asking(self, form: Form | None) -> UserError:
        """The same, with that form."""
        self.form = form
        return self


class Unsure(Exception):
    """It can honestly be meant in several ways: asked back, with a button for each. Nothing changed.

    Each of the `choices` runs the same command with its arguments; whichever is pressed, it is done once.
    `otherwise` says what to do where none of them is meant. `understood`: what is no question, by argument,
    so that it stays what it was at the time. `open`: whoever saw what was typed may see this as well.
    """

    def __init__(self, question: Text, choices: Sequence[Choice], otherwise: Text = _OTHERWISE) -> None:
        super().__init__(question.key)
        self.question = question
        self.choices = choices
        self.otherwise = otherwise
        self.understood: Mapping[str, Any] = {}
        self.command = ""
        self.open = False

    def openly(self) -> Unsure:
        """The same, for others to see as well."""
        self.open = True
        return self

    def running(self, command: str) -> Unsure:
        """The same, about the command at this path, where that is asked before anything else is known."""
        self.command = command
        return self

    def understanding(self, understood: Mapping[str, Any]) -> Unsure:
        """The same, with what was understood."""
        self.understood = understood
        return self


class Asked(Exception):
    """What is still needed is asked for in full, with all that can be chosen. Nothing changed.

    `open`: whoever saw what was typed may see this as well.
    """

    def __init__(self, question: Message, *, open: bool) -> None:
        super().__init__()
        self.question = question
        self.open = open


class AskFirst(Exception):
    """Only who takes part in these themes may do this: the platform of whoever speaks is to be asked now.

    `first`: or this is to be awaited, once, before the handler runs again; what `before` does is kept by
    then. `accounts`: in a job, where nobody speaks, those of whom it is asked.
    """

    def __init__(
        self,
        themes: Collection[int] = (),
        *,
        first: Callable[[], Awaitable[None]] | None = None,
        before: Callable[[], None] | None = None,
        accounts: Sequence[Identity] = (),
    ) -> None:
        super().__init__()
        self.themes = themes
        self.first = first
        self.before = before
        self.accounts = accounts


class TurnFirst(Exception):
    """They choose that community for what they say in private; the command is to run for it."""

    def __init__(self, community: int) -> None:
        super().__init__()
        self.community = community


class StoreFailed(Exception):
    """The database could not be read or written just now; nothing was kept, try again."""


# --- the three ways in which a platform says no ---


class Gone(Exception):
    """Never again: that place, person or message is not there any more. What was meant for it is set
    aside, and somebody is told.
    """


class NoSuchAccount(Gone):
    """That person's account does not exist any more, says their platform."""


class Shut(Gone):
    """That person takes nothing from Plein in private, or is in no private talk with it."""


class NotNow(Exception):
    """Not as things stand, and perhaps later: it waits, and is never given up.

    `seconds` is how long to wait; None where nobody knows: until something changes there, and meanwhile it
    is tried again with growing pauses. `unsent`: it is certain that nothing of it was sent.
    """

    seconds: float | None = None
    unsent: bool = False


class TryLater(NotNow):
    """The platform asks for patience: the same thing again after so many seconds."""

    seconds: float

    def __init__(self, seconds: float, *, unsent: bool = False) -> None:
        super().__init__(f"try again in {seconds:.1f} s")
        self.seconds = seconds
        self.unsent = unsent


class Refused(NotNow):
    """Whoever decides there does not allow it."""

    unsent = True


class NotCarried(Exception):
    """A file that somebody posted does not go along; `why` is said to whoever did."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.why = why


class NotOurs(Exception):
    """Not by this account: it is not there, or not any more. It is left to the account that is.

    `why`: what to say where no account is.
    """

    def __init__(self, said: str, why: Text | None = None) -> None:
        super().__init__(said)
        self.why = why


class PlatformFailed(Exception):
    """The platform fails at this one thing, though it does others. It is tried again with growing pauses, for
    some hours, and then set aside.
    """


class Unsigned(Exception):
    """A sign cannot stand on that message there, unless something changes."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


# --- what nothing starts with ---


class Clash(Exception):
    """Two features, or a feature and the core, claim the same thing: nothing starts, and both are named."""
