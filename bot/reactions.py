"""Signs that people put on each other's messages: those of which something is made, and by which command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.communities import Communities
from bot.settings import Section, Settings

# What the command of a sign is told by: it is there from now on, or not any more.
ON = "on"


@dataclass(frozen=True, slots=True)
class Reaction:
    """A sign that people put on each other's messages: which one, the setting of that name in the feature's
    section says (a `ReactionSign`), and `command` is run when somebody puts it there or takes it away.

    That has `on: bool`, which it is, and what it names as `about`; `call.about` says of which message. What
    takes a reaction back needs nothing of its own: it is the same command, with `on` False.
    """

    setting: str
    command: str


class Reactions:
    """Those of all features, by the sign that each community has for them."""

    def __init__(self, communities: Communities, claimed: Sequence[tuple[type[Section], Reaction]]) -> None:
        self._communities = communities
        self._claimed = claimed
        self._read: Mapping[int, Settings] = {}
        self._commands: dict[int, Mapping[str, str]] = {}
        self._signs: frozenset[str] = frozenset()

    @property
    def signs(self) -> frozenset[str]:
        """Every sign of which any community makes something, folded."""
        self._look()
        return self._signs

    def command(self, community: int, sign: str) -> str | None:
        """What is run for it there; None: it means nothing there."""
        self._look()
        return self._commands.get(community, {}).get(sign)

    def _look(self) -> None:
        """All communities are read once: adapters ask for each of all the signs that people use."""
        now = self._communities.settings
        if self._read is now:
            return
        self._read = now
        self._commands = {community: self._in(settings) for community, settings in now.items()}
        self._signs = frozenset().union(*self._commands.values())

    def _in(self, settings: Settings) -> Mapping[str, str]:
        found = {
            getattr(settings.of(section), reaction.setting): reaction.command
            for section, reaction in self._claimed
        }
        return {sign: command for sign, command in found.items() if sign}
