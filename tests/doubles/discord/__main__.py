"""Serves the double for a bot that is tried by hand: `python -m tests.doubles.discord [PORT]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.doubles.discord.console import HELP, Console
from tests.doubles.discord.double import Discord

WELCOME = """\
Discord is on 127.0.0.1:{port}, with a bot whose token is {token}
Plein comes to it from another terminal, in this folder, with a configuration that has a section [discord]:

    export PLEIN_DISCORD_TOKEN={token}
    .venv/bin/python -m tests.doubles.discord.plein {port} {certificate} config.toml

Any other bot reaches it through a connector of its own:

    from pathlib import Path
    from tests.doubles.discord.connect import connector_to
    certificate = Path("{certificate}").read_text()
    client = discord.Client(intents=..., connector=connector_to({port}, certificate))

{help}
"""


async def _every_second(discord: Discord) -> None:
    """Let what is due happen."""
    while True:
        await asyncio.sleep(1)
        discord.clock.turn(0)


async def serve(port: int | None) -> None:
    """Until the end of input or `quit`."""
    with tempfile.TemporaryDirectory() as folder:
        async with Discord(running=True, port=port) as discord:
            certificate = Path(folder) / "discord.pem"
            certificate.write_text(discord.certificate, encoding="utf-8")
            console = Console(discord, print)
            welcome = WELCOME.format(
                port=discord.port, token=discord.token, certificate=certificate, help=HELP
            )
            print(welcome, flush=True)
            ticking = asyncio.create_task(_every_second(discord))
            try:
                while line := await asyncio.to_thread(sys.stdin.readline):
                    if line.strip() in ("quit", "exit"):
                        break
                    answer = await console.line(line)
                    if answer:
                        print(answer, flush=True)
            finally:
                ticking.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.discord", description=__doc__)
    parser.add_argument("port", type=int, nargs="?", help="where it listens; without it, wherever is free")
    asyncio.run(serve(parser.parse_args().port))
