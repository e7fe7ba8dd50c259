"""The lines that the console understands, as data.

anna@discord/sport: !poll list     says it in a place
anna@discord: !poll mine           talks privately with Plein
ben@matrix/sport: [2]              presses button 2
ben@matrix/sport: [+🙏 anna]        puts that sign on what she said last there; with - takes it away
ben@matrix/sport: [📎 a.pdf 12 MB] words   posts a file of that size, with words or without
ben@matrix/sport: [# anna] Me too  says it in the thread on what she said last there
ben@matrix/sport: [anna] !relay show  asks that about what she said last there
role mia@discord moderator         gives a role
encrypt matrix/sport               what people say there is encrypted from now on
one person: anna@discord a@matrix  these accounts are one person's from now on
wait 2d                            lets time pass
away 2d                            lets time pass in which Plein is not at work
exit                               ends it
# a comment

`role`, `encrypt`, `one person`, `wait` and `away` may be Dutch too: `rol`, `versleutel`, `één persoon`,
`wacht`, `weg`. So may a role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import UserError
from bot.model.people import Role
from bot.unseen import has_unseen
from bot.when import Unit, read_span

_WHO = r"(?P<name>[^\s@:/]{1,64})@(?P<label>[^\s@:/]{1,64})"
_SAYS = re.compile(_WHO + r"(?:/(?P<place>[^\s@:/]{1,64}))?\s*:\s?(?P<text>.*)", re.DOTALL)
_ROLES = {role.name.casefold(): role for role in Role}
_ROLES |= {"bewoner": Role.RESIDENT, "organisator": Role.ORGANISER}
_ROLE = re.compile(r"rol(?:e)?\s+" + _WHO + r"\s+(?P<role>\w+)")
_ACCOUNT = re.compile(_WHO)
_LINKS = re.compile(r"(?:one person|[eé]{2}n persoon):\s+(?P<accounts>\S+(?:\s+\S+)+)")
_ENCRYPTS = re.compile(r"(?:encrypt|versleutel)\s+(?P<room>[^\s@:/]{1,64}/[^\s@:/]{1,64})")
_WAIT = re.compile(r"(?:wait|wacht|(?P<away>away|weg))\s+(?P<span>.+)")
_ENDS = ("exit", "quit")
_SIGN = re.compile(r"\[([+-])([^\s\w\[\]]{1,16}) ([^\s@:/\[\]]{1,64})\]")
_ABOUT = re.compile(r"\[([^\s@:/\[\]]{1,64})\]\s+(!.+)", re.DOTALL)
_CHANGES = re.compile(r"\[\*\]\s+(.+)")
_TAKES_AWAY = "[x]"
_IN_THREAD = re.compile(r"\[# ([^\s@:/\[\]]{1,64})\]\s+(.+)")
_PRESS = re.compile(r"\[(\d{1,3})\]")
_FILE = re.compile(
    r"\[📎 (?P<name>[^\[\]]{1,64}) (?P<size>[1-9]\d{0,3}) (?P<unit>kB|MB)\]\s*(?P<words>.*)", re.DOTALL
)
_UNITS = {"kB": 1_000, "MB": 1_000_000}


@dataclass(frozen=True, slots=True)
class Signs:
    """A sign is put on what somebody of that name said last, or taken away."""

    sign: str
    on: bool
    whose: str


@dataclass(frozen=True, slots=True)
class Posts:
    """A file of that size is posted, with these words."""

    name: str
    size: int
    words: str


def posts_in(words: str) -> Posts | None:
    """The file, if one stands before what was typed."""
    match = _FILE.fullmatch(words.strip())
    return Posts(match["name"], int(match["size"]) * _UNITS[match["unit"]], match["words"]) if match else None


@dataclass(frozen=True, slots=True)
class Says:
    """Somebody says that, or presses the button of that number; in a place, or in private. In a place they
    may put a sign on what another said as well, speak in its thread, and change or take away what they said
    last themselves.
    """

    name: str
    label: str
    place: str | None
    text: str

    @property
    def pressed(self) -> int | None:
        """The number of the button, if that is what was typed."""
        match = _PRESS.fullmatch(self.text.strip())
        return int(match[1]) if match else None

    @property
    def about(self) -> tuple[str, str] | None:
        """About what whom said last there something is asked, and what, if that was typed."""
        match = _ABOUT.fullmatch(self.text.strip()) if self.place else None
        return (match[1], match[2]) if match else None

    @property
    def changed(self) -> str | None:
        """What they said last there as it is to be from now on, if that was typed."""
        match = _CHANGES.fullmatch(self.text.strip()) if self.place else None
        return match[1] if match else None

    @property
    def takes_away(self) -> bool:
        """Whether they take away what they said last there."""
        return self.place is not None and self.text.strip() == _TAKES_AWAY

    @property
    def in_thread(self) -> tuple[str, str] | None:
        """In whose thread they say what, if that was typed: it is on what was said last in that name."""
        match = _IN_THREAD.fullmatch(self.text.strip()) if self.place else None
        return (match[1], match[2]) if match else None

    @property
    def signs(self) -> Signs | None:
        """The sign, if that is what was typed."""
        match = _SIGN.fullmatch(self.text.strip()) if self.place else None
        return Signs(match[2], match[1] == "+", match[3]) if match else None


def link_to(label: str, place: str, name: str, often: int) -> str:
    """What would open what somebody said there: so often they had said something by then."""
    return f"https://{label}.example/{place}/{name}/{often}"


@dataclass(frozen=True, slots=True)
class Grants:
    """Somebody has that role from now on."""

    name: str
    label: str
    role: Role


@dataclass(frozen=True, slots=True)
class Waits:
    """So much time passes, on the clock on the wall; `away`: nothing that comes due is done until then."""

    span: Unit
    away: bool = False


@dataclass(frozen=True, slots=True)
class Encrypts:
    """What people say in that room is encrypted from now on."""

    room: str


@dataclass(frozen=True, slots=True)
class Links:
    """These accounts are one person's; each as its name and its label."""

    accounts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ends:
    """Nothing more is read."""


Line = Says | Grants | Encrypts | Waits | Links | Ends


def read_line(line: str, number: int) -> Line | None:
    """What a line says; None where it is empty or a comment. Raises: UserError otherwise.

    What nobody sees in what somebody says is for whoever hears it; elsewhere it is no name.
    """
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    if line in _ENDS:
        return Ends()
    match = _SAYS.fullmatch(line)
    if has_unseen(line[: match.start("text")] if match else line):
        raise UserError("typed.unseen")
    if match:
        return Says(match["name"], match["label"], match["place"], match["text"].strip())
    if match := _ROLE.fullmatch(line):
        if (role := _ROLES.get(match["role"].casefold())) is None:
            raise UserError("console.no_role", role=match["role"])
        return Grants(match["name"], match["label"], role)
    if match := _LINKS.fullmatch(line):
        accounts = [_ACCOUNT.fullmatch(account) for account in match["accounts"].split()]
        if all(accounts):
            return Links(tuple((account["name"], account["label"]) for account in accounts if account))
    if match := _ENCRYPTS.fullmatch(line):
        return Encrypts(match["room"])
    if (match := _WAIT.fullmatch(line)) and (span := read_span(match["span"])):
        return Waits(span, away=match["away"] is not None)
    raise UserError("console.line", line=number, words=line[:60])
