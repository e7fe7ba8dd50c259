"""Which settings are secrets, and the files of their own that they can come from.

`token_file` under `[discord]` names the file that has the token in it, as supervisors and containers give
secrets to a process; and so for every setting that is a secret. What the environment says goes before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bot.main.addresses import secrets_in_address
from bot.model.message import Text, text
from bot.private import NotPlain, read_plain

FILE = "_file"


def sections_of(config: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """What stands there once; not the themes and the residents, of which there are many."""
    for name, field in config.model_fields.items():
        found = model_in(field.annotation)
        if found and get_origin(field.annotation) is not tuple:
            yield name, found


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The section that such a value is, or the sections that it is a list of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := model_in(inner):
            return found
    return None


def secrets_of(config: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Which settings are secrets: the section of each, and its name there."""
    for name, section in sections_of(config):
        for key, field in section.model_fields.items():
            if SecretStr in (field.annotation, *get_args(field.annotation)):
                yield name, key


def secrets_in(values: Mapping[str, Any], config: type[BaseModel]) -> Iterator[str]:
    """What is to be printed nowhere, whether or not the rest is right."""
    for name, key in secrets_of(config):
        found = values.get(name)
        if isinstance(found, dict) and key in found:
            yield str(found[key]).strip()
    database = values.get("database")
    if isinstance(database, dict):
        yield from secrets_in_address(str(database.get("url", "")))


def secret_files(values: Mapping[str, Any], config: type[BaseModel]) -> Iterator[Path]:
    """Those that are named."""
    for name, key in secrets_of(config):
        found = values.get(name)
        if isinstance(found, dict) and isinstance(path := found.get(f"{key}{FILE}"), str):
            yield Path(path)


def read_secret_files(values: dict[str, Any], config: type[BaseModel]) -> list[Text]:
    """Put what is in them in place; what is wrong with that."""
    faults = []
    for name, key in secrets_of(config):
        section = values.get(name)
        if not isinstance(section, dict) or f"{key}{FILE}" not in section:
            continue
        path, named = f"{name}.{key}{FILE}", section.pop(f"{key}{FILE}")
        # Told once: it is not missing as well.
        given, section[key] = section.get(key), section.get(key, "?")
        if given is not None:
            problem = text("config.secret_file.twice", instead=key)
        elif not isinstance(named, str) or not named:
            problem = text("config.type.text")
        else:
            try:
                section[key] = read_secret(Path(named))
                continue
            except NotPlain:
                problem = text("config.secret_file.not_plain", file=named)
            except (OSError, UnicodeDecodeError) as error:
                problem = text("config.secret_file", file=named, reason=type(error).__name__)
        faults.append(text("config.fault", path=path, problem=problem))
    return faults


def read_secret(path: Path) -> str:
    """Without the end of the line that an editor left on it. Raises: OSError, UnicodeDecodeError."""
    return read_plain(path).decode("utf-8-sig").strip("\r\n")
