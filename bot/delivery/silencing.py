"""Whoever may say nothing in a theme is kept from it by the platforms, where these let Plein do so.

Who that is follows from who is muted, whose accounts these are and where the theme is: so it holds for an
account that is linked meanwhile, and for a place that is bound. What stood there before is kept first, so
that it stands there again in the end, also after a crash. Where Plein may not, who moderates is told once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.clock import Clock
from bot.communities import Communities
from bot.delivery.rooms import have_said
from bot.delivery.worker import FIRST_PAUSE
from bot.errors import Gone, NotNow, NotOurs, Refused, StoreFailed, UserError
from bot.feature import Features
from bot.model.message import Text, text
from bot.model.people import Identity, Place
from bot.model.work import UNSILENCED
from bot.ports.adapter import Adapter, Silencer
from bot.ports.delivery import Silence
from bot.ports.storage import Store, Transaction

log = logging.getLogger(__name__)
# So many seconds later what could not be done just now is tried again.
AGAIN_AFTER = 30.0


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to become of one account in one place, which that account of Plein's serves."""

    community: int
    theme: int
    place: Place
    user: str
    account: str
    known: Silence | None
    is_wanted: bool


class Silencing:
    """Has the adapters, which are by account, keep people from writing, and let them again."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        communities: Communities,
        features: Features,
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._communities = communities
        self._features = features
        self._woken = asyncio.Event()
        # What was refused may be taken now.
        self._again = True
        for what in ("silence", "carried"):
            store.on_commit(what, self._woken.set)

    def wake(self) -> None:
        self._woken.set()

    def again(self) -> None:
        """What was refused may be taken now."""
        self._again = True
        self.wake()

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            self._woken.clear()
            try:
                wait = None if await self.flush() else AGAIN_AFTER
            except StoreFailed as error:
                log.warning("silencing: the database does not answer (%s); trying again", error)
                wait = FIRST_PAUSE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def flush(self) -> bool:
        """Do all that can be done now; whether nothing is left. Raises: StoreFailed."""
        done, again, self._again = True, self._again, False
        for community in self._communities.served:
            look = partial(self._look, community, again)
            for task in await self._store.read(look, community=community):
                done &= await self._do(task)
        return done

    def _look(self, community: int, again: bool, tx: Transaction) -> list[_Task]:
        """What is not as it is to be."""
        known = tx.silences.all()
        wanted = self._wanted(tx, known)
        tasks: list[tuple[int, Place, str, Silence | None, bool]] = []
        for (place, user), theme in wanted.items():
            silence = known.get((place, user))
            if silence is None or silence.stands is None or (again and not silence.stands):
                tasks.append((theme, place, user, silence, True))
        for (place, user), silence in known.items():
            is_refused = silence.stands and silence.why is not None and not again
            if (place, user) not in wanted and not is_refused:
                tasks.append((silence.theme, place, user, silence, False))
        return [
            _Task(community, theme, place, user, tx.places.served_by(place) or "", silence, is_wanted)
            for theme, place, user, silence, is_wanted in tasks
        ]

    def _wanted(
        self, tx: Transaction, known: Mapping[tuple[Place, str], Silence]
    ) -> Mapping[tuple[Place, str], int]:
        """Who is to write nothing where, by the theme that it is for."""
        now, muted = self._clock.now(), set(self._features.muted(tx, self._clock.now()))
        wanted: dict[tuple[Place, str], int] = {}
        # Of whoever was forgotten since it holds for the account, and for all else that is theirs by now.
        for (place, user), silence in known.items():
            account, theme = Identity(place.platform, user), silence.theme
            if place in tx.places.of_theme(theme) and self._features.muted_until(
                tx, theme, account, None, now
            ):
                wanted[place, user] = theme
                if who := tx.people.by_identity(account):
                    muted.add((theme, who.id))
        accounts = tx.people.accounts(sorted({resident for _, resident in muted})) if muted else {}
        for theme, resident in muted:
            for place in tx.places.of_theme(theme):
                theirs = [each for each in accounts.get(resident, ()) if each.platform == place.platform]
                wanted.update({(place, account.user_id): theme for account in theirs})
        return wanted

    # --- one account in one place ---

    async def _do(self, task: _Task) -> bool:
        """Whether nothing is left to do about it."""
        adapter = self._adapters.get(task.account)
        if not isinstance(adapter, Silencer):
            if adapter is None and not task.is_wanted and not task.account:
                # Plein is there no more: whoever put it out looks after that.
                await self._run(task, lambda tx: tx.silences.drop(task.place, task.user))
            return adapter is not None or not task.account
        try:
            if task.is_wanted:
                await self._silence(adapter, task)
            else:
                await self._unsilence(adapter, task)
        except Gone:
            await self._run(task, partial(self._not_there, task))
        except (Refused, UserError) as refused:
            await self._refused(task, refused.text if isinstance(refused, UserError) else text("mod.refused"))
        except NotOurs:
            return True
        except (NotNow, OSError) as error:
            log.info("silencing: not now, %s: %s", task.place.room_id, error or type(error).__name__)
            return False
        return True

    async def _silence(self, adapter: Silencer, task: _Task) -> None:
        if task.known is None or task.known.stands is not None:
            await self._run(task, lambda tx: tx.silences.begin(task.theme, task.place, task.user))

        async def looked(before: str) -> None:
            await self._run(task, lambda tx: tx.silences.looked(task.place, task.user, before))

        before = task.known.before if task.known else None
        stands = await adapter.silence(task.place, task.user, before, looked)
        await self._run(task, lambda tx: tx.silences.done(task.place, task.user, stands=stands))

    async def _unsilence(self, adapter: Silencer, task: _Task) -> None:
        if task.known and task.known.stands is not False and task.known.before is not None:
            await adapter.unsilence(task.place, task.user, task.known.before)
        await self._run(task, lambda tx: tx.silences.drop(task.place, task.user))

    def _not_there(self, task: _Task, tx: Transaction) -> None:
        """Who is not there writes nothing there; should they come, it is tried once more."""
        if task.is_wanted:
            tx.silences.done(task.place, task.user, stands=False)
        else:
            tx.silences.drop(task.place, task.user)

    async def _refused(self, task: _Task, why: Text) -> None:
        def note(tx: Transaction) -> None:
            tx.silences.done(task.place, task.user, stands=not task.is_wanted, why=why)
            have_said(tx, UNSILENCED, str(task.theme), self._clock.now())

        log.warning("silencing: refused in %s", task.place.room_id)
        await self._run(task, note)

    async def _run(self, task: _Task, work: Callable[[Transaction], None]) -> None:
        await self._store.run(work, community=task.community)
