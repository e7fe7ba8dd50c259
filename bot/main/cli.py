"""The command `plein`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from bot.errors import StoreFailed
from bot.main.addresses import check_address, secrets_in_address
from bot.main.terminal import Terminal, voice_here
from bot.masking import MaskingFormatter, hide, mask, mask_what_nobody_catches
from bot.model.message import Text
from bot.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.main.config import BadConfig, Config
    from bot.ports.signing import PublicKey
    from storage.signing import SigningKeys

# What is tried in the console is kept here.
TRIED = "sqlite:///data/console.db"
EXAMPLE = """examples:
  plein init                    answer a few questions, and config.toml is there
  plein run                     serve what config.toml names; without it, the console
  plein console                 try everything in this terminal, without an account
  plein console --script FILE   play a script and print what is said
  plein when "vrijdag 20u"      what is understood of a moment, or of "elke vrijdag", as JSON
  plein draw --check FILE       repeat a draw that was published
  plein convert --from discord --to matrix   how messages read on the other side; JSON lines in and out
  plein verify FILE             whether a certificate is what its community signed
  plein check                   look at the configuration and the connections"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status."""
    gc.disable()  # looking for garbage in what is only being made costs a tenth of the start
    args = _parser().parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(
        level=logging.DEBUG if args.verbose else logging.WARNING if args.do == "console" else logging.INFO,
        handlers=[handler],
    )
    if arguments is None:  # the process is ours
        mask_what_nobody_catches()
    for chatty in ("nio", "discord", "apscheduler", "peewee", "aiosqlite", "alembic"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL if chatty == "nio" else logging.WARNING)
    if args.do == "when":
        return _when(args)
    if args.do == "draw":
        return _draw(args)
    if args.do == "convert":
        return _convert(args)
    # What the rest needs is ten times as much to read, which whoever asks for a phrase has no use for.
    from bot.main.config import BadConfig

    try:
        if args.do == "verify":
            return _verify(args)
        return _init(args) if args.do == "init" else asyncio.run(_do(args))
    except BadConfig as bad:
        _print_faults(bad)
        return 2
    except StoreFailed as error:
        print(mask(f"The database cannot be used: {error}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read along has stopped, as `| head` does; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _init(args: argparse.Namespace) -> int:
    from bot.main.config import DEFAULT_FILE
    from bot.main.features import add_up
    from bot.main.init import init

    return init(args.config or DEFAULT_FILE, add_up(), Terminal())


def _when(args: argparse.Namespace) -> int:
    from bot.main.phrases import tell

    return tell(args.words, args.lang, _in_zone(args.now or datetime.now(UTC), args.zone), args.zone)


def _draw(args: argparse.Namespace) -> int:
    from bot.main.draws import repeat

    return repeat(args.check)


def _convert(args: argparse.Namespace) -> int:
    from bot.main.convert import convert

    try:
        return convert(args.source, args.target, sys.stdin.buffer)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _verify(args: argparse.Namespace) -> int:
    """Without a file of keys, by those of the communities here; no database is asked."""
    from bot.errors import UserError
    from bot.main.verify import keys_in, show, tell, verify

    try:
        keys = keys_in(args.key) if args.key else _own_keys(args)
    except UserError as error:
        return tell(error)
    return show(keys) if args.show_keys else verify(args.certificate, keys)


def _own_keys(args: argparse.Namespace) -> Sequence[PublicKey]:
    from bot.main.config import DEFAULT_FILE, load
    from bot.main.features import add_up

    file = args.config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    return _signing_keys(load(file, add_up())).known()


def _signing_keys(config: Config) -> SigningKeys:
    from storage.engines import signing_beside
    from storage.signing import SigningKeys

    kept = config.database
    return SigningKeys(kept.signing or signing_beside(kept.url, kept.keys))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="plein",
        description="A municipality's advisory councils in the chat people already have open.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config", type=Path, help="the configuration (default: config.toml, if there is one)"
    )
    parser.add_argument("--verbose", action="store_true", help="say everything that happens")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('plein')}")
    does = parser.add_subparsers(dest="do", metavar="COMMAND", required=True)
    _command(does, "run", "serve what the configuration names; without one, the console")
    console = _command(does, "console", "a chat in this terminal, to try everything in")
    console.add_argument("--script", type=_file, metavar="FILE", help="read lines from a file")
    console.add_argument(
        "--now", type=_moment, metavar="WHEN", help="set the clock, such as 2026-12-01T19:00"
    )
    console.add_argument("--db", type=_url, metavar="URL", help="the database, such as sqlite:///data/try.db")
    console.add_argument("--lang", choices=Texts().locales, help="the language to speak")
    moment = _command(
        does, "when", "what is understood of a moment, or of what comes back, as JSON; to report a phrase"
    )
    moment.add_argument("words", nargs="?", help="the phrase; without it, one on each line of the input")
    moment.add_argument("--lang", choices=Texts().locales, default="nl", help="whose language it is")
    moment.add_argument(
        "--now", type=_wall_or_instant, metavar="WHEN", help="the time then, such as 2026-12-01T19:00"
    )
    moment.add_argument("--zone", type=_zone, default="Europe/Brussels", help="the zone of the clock")
    draw = _command(
        does, "draw", "repeat a draw of whose turn it is, from the file that was published with it"
    )
    draw.add_argument("--check", type=_file, metavar="FILE", required=True, help="the file: draw-7.json")
    between = _command(
        does, "convert", "how messages on one platform read on another: JSON lines in, one out for each"
    )
    platforms = ("discord", "matrix")
    between.add_argument("--from", dest="source", choices=platforms, required=True, help="where it was said")
    between.add_argument(
        "--to", dest="target", choices=platforms, required=True, help="where it is to be read"
    )
    proof = _command(does, "verify", "whether a certificate is what its community signed")
    proof.add_argument(
        "certificate", nargs="*", help="its PDF, or the code on it; without either, the code on the input"
    )
    proof.add_argument("--key", type=_file, metavar="FILE", help="the keys of its community, as it gave them")
    proof.add_argument("--show-keys", action="store_true", help="the keys here, for others to check with")
    _command(does, "init", "ask the few questions and write config.toml; what is in it already stays")
    _command(does, "check", "look at the configuration and the connections, and say what to do")
    database = _command(does, "db", "the database")
    of_database = database.add_subparsers(dest="db_do", metavar="COMMAND", required=True)
    _command(of_database, "upgrade", "bring its tables up to date")
    _command(of_database, "new-keys", "begin a new folder of keys, where the old one is lost")
    _command(
        of_database, "new-signing-keys", "sign certificates with new keys; the old ones prove theirs still"
    )
    return parser


def _command(
    under: argparse._SubParsersAction[argparse.ArgumentParser], name: str, does: str
) -> argparse.ArgumentParser:
    """It says what it does in the list of commands, and in its own help."""
    return under.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")


def _file(words: str) -> Path:
    # Which are false of what no file can be called.
    if not os.path.exists(words) or os.path.isdir(words):
        raise argparse.ArgumentTypeError(f"there is no file {words!r}")
    return Path(words)


def _url(words: str) -> str:
    """Raises: ArgumentTypeError, in which nothing of it is said."""
    hide(secrets_in_address(words))
    try:
        return check_address(words)
    except ValueError as error:
        hint = "write @ : / ? in a password as %40 %3A %2F %3F"
        wrong = "begin with sqlite:/// or postgresql://" if str(error) == "config.database" else hint
        raise argparse.ArgumentTypeError(wrong.replace("%", "%%")) from None


def _moment(words: str) -> datetime:
    """Wall time in Brussels, unless it names its own zone."""
    return _in_zone(_wall_or_instant(words), ZoneInfo("Europe/Brussels"))


def _wall_or_instant(words: str) -> datetime:
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{words!r} is no moment; write it like 2026-12-01T19:00") from None


def _in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _zone(words: str) -> ZoneInfo:
    try:
        return ZoneInfo(words)
    except (ValueError, OSError, KeyError):
        raise argparse.ArgumentTypeError(f"there is no zone {words!r}, such as Europe/Brussels") from None


async def _do(args: argparse.Namespace) -> int:
    from bot.main import app
    from bot.main.config import DEFAULT_FILE, load
    from bot.main.features import add_up

    file = args.config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    config = load(file, add_up())
    if args.do != "run" or not config.serves:
        app.freeze_startup_objects()
    match args.do:
        case "run" if config.serves:
            return await app.run_platforms(config)
        case "run":
            from bot.main.console import run_console

            chosen = _for_console(config, args)
            return await run_console(chosen, interactive=sys.stdin.isatty())
        case "console":
            from bot.main.console import run_console

            interactive = sys.stdin.isatty() and args.script is None
            chosen = _for_console(config, args)
            return await run_console(chosen, script=args.script, now=args.now, interactive=interactive)
        case "check":
            from bot.main.check import check

            return 0 if await check(config, _say, file) else 1
        case "db" if args.db_do == "new-keys":
            from storage.engines import leave_keys

            await leave_keys(config.database.url)
            print("The next start begins a new folder of keys. What was sealed with the old ones is lost.")
            return 0
        case "db" if args.db_do == "new-signing-keys":
            keys = _signing_keys(config)
            for community in {key.community for key in keys.known() if key.community}:
                keys.succeed(community)
            print("Certificates are signed with new keys from now on. Give these to whoever checks them.")
            return 0
        case _:
            from storage.schema import upgrade

            await upgrade(config.database.url)
            print("The database is up to date.")
            return 0


def _for_console(config: Config, args: argparse.Namespace) -> Config:
    """The configuration with what the command line says instead. A script starts with nothing.

    Never on the database of the configuration, nor with its keys: in the console weeks pass at a word, and
    with them polls that residents are still voting in.
    """
    from bot.main.config import DatabaseSection

    interactive = sys.stdin.isatty() and not getattr(args, "script", None)
    url = getattr(args, "db", None) or (TRIED if interactive else "sqlite:///:memory:")
    changes: dict[str, object] = {"database": DatabaseSection(url=url)}
    if getattr(args, "lang", None):
        changes["community"] = config.community.model_copy(update={"language": args.lang})
    return config.model_copy(update=changes)


def _print_faults(bad: BadConfig) -> None:
    for fault in bad.faults:
        _say(fault, sys.stderr)


def _say(line: Text, where: TextIO | None = None) -> None:
    """In the language of this terminal."""
    texts = Texts()
    print(mask(f"- {texts.write(line, voice_here(texts))}"), file=where or sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
