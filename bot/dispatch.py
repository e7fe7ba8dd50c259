"""From an invocation to its answer: one transaction, and nothing is acknowledged before it is kept.

The answer is remembered under the invocation's id, so that the same event, brought a second
time, changes nothing and gives the same answer.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.call import Call
from bot.clock import Clock
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.errors import StoreFailed, Unsure, UserError
from bot.model.events import Invocation
from bot.model.message import Action, Form, Message, Suggestion, text
from bot.model.people import Identity, Place, Resident, Role
from bot.ports.storage import Args, Recognised, Store, Transaction
from bot.settings import Settings
from bot.texts import visible

log = logging.getLogger(__name__)
# Among a button's arguments: what it says yes to is done once, however often it is pressed.
ONCE = "once"
# And the room in which it was asked: where answers are private, the button is pressed elsewhere.
ASKED_IN = "asked_in"
# So many can be looked over at once.
MOST_SUGGESTED = 25
# What a parameter of that name could be, given what was typed of it.
Suggests = Mapping[str, Callable[[Call, str], Sequence[Suggestion]]]
# The answer, and which workers have something new to do.
Answer = tuple[Message | None, Iterable[str]]


class Dispatch:
    """Runs invocations. Everything that a handler may do is in the Call it gets."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        commands: Commands,
        settings: Settings,
        wake: Callable[[Iterable[str]], None],
        suggests: Suggests | None = None,
    ) -> None:
        self.store = store
        self.clock = clock
        self.commands = commands
        self.settings = settings
        self.wake = wake
        self.suggests = suggests or {}

    async def handle(self, invocation: Invocation) -> Message | None:
        """The answer, after the commit. Raises StoreFailed if it could not be kept: try again."""
        answer, woken = await self.store.run(partial(self._once, invocation), invocation)
        self.wake(woken)
        return answer

    async def take_back(self, invocation: Invocation, taken: str) -> Message | None:
        """Undo what the invocation `taken` did, if its own author asks; nothing otherwise."""
        answer, woken = await self.store.run(partial(self._undo_once, invocation, taken))
        self.wake(woken)
        return answer

    async def suggest(self, invocation: Invocation, name: str, typed: str) -> Sequence[Suggestion]:
        """What the argument `name` could be. It only reads: whoever is still typing has done nothing yet."""
        return await self.store.run(partial(self._suggest, invocation, name, typed.strip()))

    def _suggest(
        self, invocation: Invocation, name: str, typed: str, tx: Transaction
    ) -> Sequence[Suggestion]:
        command = self.commands.by_path.get(invocation.command)
        param = next((one for one in command.params if one.name == name), None) if command else None
        if param is None:
            return ()
        known = tx.handled.recognise(invocation.id, invocation.author, invocation.place)
        call = self.call_for(invocation, known, known.resident or Resident(0, ""), tx)
        call.given, call.command = invocation.args, invocation.command
        if param.kind == "moment":
            return self.commands.suggest_moments(typed, call)
        suggest = self.suggests.get(name)
        return suggest(call, typed)[:MOST_SUGGESTED] if suggest else ()

    def _undo_once(self, invocation: Invocation, taken: str, tx: Transaction) -> Answer:
        undo = tx.handled.undo(taken)
        if undo is None or undo.author != invocation.author:
            return None, ()
        return self._once(replace(invocation, command=undo.command, args=undo.args, typed=None), tx)

    def _once(self, invocation: Invocation, tx: Transaction) -> Answer:
        known = tx.handled.recognise(invocation.id, invocation.author, invocation.place)
        if known.answer:
            return known.answer[0], ()
        call = self.call_for(invocation, known, self._arrived(invocation, known, tx), tx)
        command: Command | None = None
        mistaken = False
        try:
            with tx.savepoint():
                command, given = self._read(invocation, call)
                answer = self._run(command, given, call, invocation)
        except UserError as error:
            call.undone_by = None
            # It may quote what was typed, and so how somebody wanted to vote.
            mistaken = invocation.typed is not None or bool(invocation.args)
            answer = Message((error.text,), form=self._form(error, command, call, invocation))
        except StoreFailed:
            raise
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("Reference %s: %s failed", reference, invocation.command or "a typed command")
            call.undone_by = None
            answer = Message((text("error.internal", reference=reference),))
        if answer is not None:
            answer = answer.said_in(call.locale)
        # What went into the outbox is kept there, and said once however often it is asked for.
        kept = None if invocation.by_post else answer
        tx.handled.add(invocation.id, call.now, kept, call.undone_by, confidential=mistaken)
        if invocation.by_post and answer is not None:
            to = _answer_to(invocation, command is None or command.private)
            key = f"answer:{invocation.id}"
            call.post(to, answer, key, confidential=mistaken, account=invocation.account)
        return answer, call.woken

    def _form(
        self, error: UserError, command: Command | None, call: Call, invocation: Invocation
    ) -> Form | None:
        """What was filled in can be completed or mended; whoever typed is told what to type."""
        if invocation.typed is not None:
            return None
        if error.form or command is None or not command.asks:
            return error.form
        return self.commands.form(command, call.given, at_once=False, private=call.theme_here is None)

    def _run(self, command: Command, given: Args, call: Call, invocation: Invocation) -> Message | None:
        """What the command answers; or a question back, whose button says yes to it once."""
        once = given.get(ONCE)
        if once and (said_yes := call.tx.handled.recognise(once, invocation.author, None).answer):
            return said_yes[0]
        if call.place is None and (room := given.get(ASKED_IN)) is not None:
            _go_back(call, Place(invocation.author.platform, room))
        given = call.given = {name: one for name, one in given.items() if name not in (ONCE, ASKED_IN)}
        try:
            answer = command.run(call, **self.commands.bind(command, given, call))
        except Unsure as unsure:
            call.undone_by = None
            args = {**given, **unsure.understood, ONCE: f"yes:{invocation.id}"}
            if call.place:
                args[ASKED_IN] = call.place.room_id
            yes = Action(text("unsure.yes"), command.path, args)
            return Message((unsure.question, text("unsure.no")), actions=(yes,))
        if once:
            call.tx.handled.add(once, call.now, answer, None)
        return answer

    def _read(self, invocation: Invocation, call: Call) -> tuple[Command, Args]:
        """The command, and its arguments as they were given."""
        if invocation.typed is None:
            found = self.commands.by_path.get(invocation.command)
            if found is None:
                # A button of an earlier version.
                raise UserError("action.gone")
            command, given = found, invocation.args
        else:
            command, given = self.commands.parse(invocation.typed, call.locale)
        if not call.may(command.role):
            raise UserError(f"role.needed.{command.role.name.lower()}")
        return command, given

    def _arrived(self, invocation: Invocation, known: Recognised, tx: Transaction) -> Resident:
        """Who it is, noted as taking part where they are."""
        resident = known.resident or tx.people.add(invocation.author, visible(invocation.name))
        if invocation.account and invocation.account != known.heard_by:
            tx.people.heard(invocation.author, invocation.account)
        now = self.clock.now()
        if known.theme and (known.resident is None or known.theme_role != invocation.role):
            since = next((one.since for one in invocation.present_in), now)
            tx.people.take_part(resident.id, known.theme.id, invocation.role, since)
        for gone in invocation.absent_from if known.resident else ():
            if place := tx.places.known(gone):
                tx.people.leave(resident.id, place[0].id, invocation.author.platform)
        for one in invocation.present_in if invocation.place is None else ():
            if place := tx.places.known(one.place):
                tx.people.take_part(resident.id, place[0].id, one.role, one.since)
        return resident

    def call_for(
        self, invocation: Invocation, known: Recognised, resident: Resident, tx: Transaction
    ) -> Call:
        """What a handler gets for what somebody did."""
        wanted = resident.locale or invocation.locale or known.place_locale
        now = self.clock.now()
        return Call(
            tx,
            now,
            self.settings,
            self.commands.texts.nearest(wanted, self.settings.locale),
            self.commands,
            resident,
            invocation.role,
            invocation.author,
            invocation.place,
            known.theme,
            min(invocation.at, now),
            invocation.public,
        )

    def call_for_nobody(self, tx: Transaction) -> Call:
        """For what happens by itself, such as a job that is due."""
        nobody = Resident(0, "")
        return Call(
            tx,
            self.clock.now(),
            self.settings,
            self.settings.locale,
            self.commands,
            nobody,
            Role.RESIDENT,
        )


def _go_back(call: Call, place: Place) -> None:
    """What is said yes to in private holds where it was asked, with the role they have there."""
    known = call.tx.places.known(place)
    part = call.tx.people.part_in(call.resident.id, known[0].id) if known else None
    if known and part:
        call.place, call.theme_here, call.role_here = place, known[0], part[1]


def _answer_to(invocation: Invocation, private: bool) -> Place | Identity:
    return invocation.author if private or invocation.place is None else invocation.place
