"""The least that the same libraries can do: a bot that answers `!ping`. Only to compare with.

    minimal_bot.py HOMESERVER USER FOLDER [database]

With `database` it also opens one, reads a catalogue and starts a scheduler, as anything of use would.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import nio


def open_database(folder: Path) -> object:
    import apscheduler.schedulers.asyncio
    import babel.dates
    import babel.messages.pofile
    import pydantic
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/bot.db")
    with engine.begin() as db:
        db.exec_driver_sql("CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY)")
    scheduler = apscheduler.schedulers.asyncio.AsyncIOScheduler()
    scheduler.start()
    return engine, scheduler, babel, pydantic


async def main() -> None:
    homeserver, user_id, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    client = nio.AsyncClient(
        homeserver, user_id, store_path=str(folder), config=nio.AsyncClientConfig(encryption_enabled=True)
    )
    session = folder / "session.json"
    if session.exists():
        client.restore_login(**json.loads(session.read_text(encoding="utf-8")))
    else:
        answer = await client.login(os.environ["BOT_PASSWORD"])
        assert isinstance(answer, nio.LoginResponse)
        kept = {"user_id": user_id, "device_id": answer.device_id, "access_token": answer.access_token}
        session.write_text(json.dumps(kept), encoding="utf-8")
    kept_open = open_database(folder) if "database" in sys.argv else None

    async def on_message(room: nio.MatrixRoom, event: Any) -> None:
        if event.body.startswith("!ping"):
            content = {"msgtype": "m.notice", "body": f"pong {event.body[6:]}"}
            await client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=True)

    async def on_invite(room: nio.MatrixRoom, _event: Any) -> None:
        await client.join(room.room_id)

    await client.sync(timeout=0, full_state=True)
    client.add_event_callback(on_message, nio.RoomMessageText)
    client.add_event_callback(on_invite, nio.InviteMemberEvent)  # type: ignore[arg-type]
    print("ready", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    syncing = asyncio.create_task(client.sync_forever(timeout=30_000))
    await stop.wait()
    syncing.cancel()
    await asyncio.gather(syncing, return_exceptions=True)
    await client.close()
    del kept_open


asyncio.run(main())
