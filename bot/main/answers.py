"""What the answers to the questions of `plein init` are read as, and what is proposed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from adapters.matrix.settings import Server
from bot.main.addresses import check_address, secrets_in_address
from bot.main.config import problem_of
from bot.main.secret_files import read_secret
from bot.main.sections import Language, ResidentSection, Zone
from bot.main.terminal import NotUnderstood
from bot.masking import hide
from bot.model.message import text, typed
from bot.texts import LOCALES, Texts

T = TypeVar("T")
# What a question makes of an answer. Raises: NotUnderstood.
Read = Callable[[str], Any]
# Nothing, where there is something already or may be.
NOTHING = "-"


def valid(kind: Any) -> Callable[[Any], Any]:
    """As the configuration takes it."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(given: Any) -> Any:
        try:
            return adapter.validate_python(given)
        except ValidationError as error:
            raise NotUnderstood(problem_of(error.errors(include_input=False)[0])) from None

    return read


def a_list_of(kind: Any) -> Read:
    """Several, with blanks or commas between them; `-` is none."""
    read = valid(kind)
    return lambda given: [read(word) for word in given.replace(",", " ").split() if word != NOTHING]


def people_not_among(taken: Iterable[str], file: Path) -> Callable[[str], list[tuple[str, list[str]]]]:
    """Names with their accounts, and commas between people; `taken` are those that the file has already."""
    known = set(taken)

    def read(given: str) -> list[tuple[str, list[str]]]:
        if given == NOTHING:
            return []
        people = [_person(part) for part in given.split(",")]
        accounts = [account for _, theirs in people for account in theirs]
        for account in accounts:
            if account in known or accounts.count(account) > 1:
                raise NotUnderstood(text("init.moderators.twice", account=account, file=str(file)))
        return people

    return read


def _person(given: str) -> tuple[str, list[str]]:
    """On Discord an account is a number, on Matrix an address; any with its platform before it too."""
    name, accounts = [], []
    for word in given.split():
        if word.isdecimal() or ":" in word:
            before = "discord:" if word.isdecimal() else "matrix:" if word.startswith("@") else ""
            accounts.append(f"{before}{word}")
        else:
            name.append(word)
    if not name or not accounts:
        raise NotUnderstood(text("init.moderators.like"))
    found = valid(ResidentSection)({"name": " ".join(name), "accounts": accounts})
    return found.name, list(found.accounts)


def one_of(words: Mapping[str, T], named: Iterable[str]) -> Callable[[str], T]:
    """What one of these words stands for; `named`: those that are told whoever answers something else."""

    def read(given: str) -> T:
        if given.casefold() in words:
            return words[given.casefold()]
        raise NotUnderstood(text("init.choose", given=given, known=tuple(map(typed, named))))

    return read


def words_for(name: str) -> list[str]:
    """How people answer that, in any language: a script may be in another than this terminal."""
    found = (Texts().find(f"init.word.{name}", locale) for locale in LOCALES)
    return list(dict.fromkeys(word for word in found if word))


def shown(value: Any) -> str:
    """As it would be answered."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or NOTHING
    return str(value)


# --- each kind ---


def a_language(given: str) -> str:
    return str(valid(Language)(given.casefold()))


def a_zone(given: str) -> str:
    """The last part of its name will do, in small letters too."""
    wanted = given.casefold().replace(" ", "_")
    found = [zone for zone in available_timezones() if zone.casefold() == wanted]
    found = found or [zone for zone in available_timezones() if zone.casefold().endswith(f"/{wanted}")]
    return found[0] if len(found) == 1 else str(valid(Zone)(given))


def a_homeserver(given: str) -> str:
    return str(valid(Server)(given if "://" in given else f"https://{given}"))


def a_file_with(kind: Any) -> Callable[[str], str]:
    """A file that there is, with a secret of that kind in it."""
    read = valid(kind)

    def readable(given: str) -> str:
        try:
            secret = read_secret(Path(given))
        except (OSError, UnicodeDecodeError) as error:
            reason = type(error).__name__
            raise NotUnderstood(text("config.secret_file", file=given, reason=reason)) from None
        if not secret:
            raise NotUnderstood(text("config.too_short"))
        hide([secret])
        read(secret)
        return given

    return readable


def a_database(given: str) -> str:
    """An address, the path of a file, or the word for a server whose address is asked apart."""
    if given.casefold() in ("postgresql", "postgres"):
        return "postgresql"
    return _address(given if "://" in given else f"sqlite:///{given}")


def a_server_or(variable: str) -> Callable[[str], str]:
    """The address of a server, or the name of what has it in the environment."""
    return lambda given: given if given == variable else _address(given)


def _address(given: str) -> str:
    hide(secrets_in_address(given))
    try:
        return check_address(given)
    except ValueError as error:
        raise NotUnderstood(text(str(error))) from None


# --- what is proposed ---


def language_here(environment: Mapping[str, str]) -> str:
    """That of this terminal, where it is one of ours."""
    return Texts().nearest(environment.get("LC_ALL") or environment.get("LANG"), LOCALES[0])


def zone_here() -> str:
    """That of this machine; a server on no clock of people's stands in Belgium as often as not."""
    import tzlocal

    try:
        zone = tzlocal.get_localzone_name()
    except (KeyError, ValueError, OSError):
        zone = None
    ours = zone in available_timezones() and "/" in zone and not zone.startswith("Etc/")
    return zone if zone and ours else "Europe/Brussels"
