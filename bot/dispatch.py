"""From an invocation to its answer: one transaction, and nothing is acknowledged before it is kept.

The answer is remembered under the invocation's id, so that the same event, brought a second
time, changes nothing and gives the same answer. Of what a handler says was confided nothing is
remembered here: how many rows there are would tell (Call.confide).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bot.call import Call
from bot.clock import Clock
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.forms import form_for
from bot.commands.read import bind, keep, look_over, parse
from bot.errors import StoreFailed, Unsure, UserError
from bot.model.events import Invocation
from bot.model.message import Button, Form, Message, Suggestion, message, text
from bot.model.people import Identity, Place, Resident, Role
from bot.ports.people import Recognised
from bot.ports.storage import Store, Transaction
from bot.settings import Settings
from bot.unseen import visible

log = logging.getLogger(__name__)
# Among the arguments of a button that answers a question: it is done once, whichever is pressed how often.
ONCE = "once"
# And the room in which it was asked: where answers are private, the button is pressed elsewhere.
ASKED_IN = "asked_in"
# So many can be looked over at once.
MOST_SUGGESTED = 25


class Dispatch:
    """Runs invocations. Everything that a handler may do is in the Call it gets."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        commands: Commands,
        settings: Settings,
    ) -> None:
        self.store = store
        self.clock = clock
        self.commands = commands
        self.settings = settings

    async def handle(self, invocation: Invocation) -> Message | None:
        """The answer, after the commit. Raises StoreFailed if it could not be kept: try again."""
        return await self.store.run(partial(self._once, invocation), invocation)

    async def take_back(self, invocation: Invocation, taken: str) -> Message | None:
        """Undo what the invocation `taken` did, if its own author asks; nothing otherwise."""
        return await self.store.run(partial(self._undo_once, invocation, taken))

    async def suggest(self, invocation: Invocation, name: str, typed: str) -> Sequence[Suggestion]:
        """What the argument `name` could be. It only reads: whoever is still typing has done nothing yet."""
        return await self.store.read(partial(self._suggest, invocation, name, typed.strip()))

    def _suggest(
        self, invocation: Invocation, name: str, typed: str, tx: Transaction
    ) -> Sequence[Suggestion]:
        argument = self.commands.argument(invocation.command, name)
        suggest = argument.suggest if argument else None
        if suggest is None:
            return ()
        known = tx.handled.recognise(invocation.id, invocation.author, invocation.place)
        call = self.call_for(invocation, known, known.resident or Resident(0, ""), tx)
        call.given, call.command = invocation.args, invocation.command
        return suggest(call, typed)[:MOST_SUGGESTED]

    def _undo_once(self, invocation: Invocation, taken: str, tx: Transaction) -> Message | None:
        undo = tx.handled.undo(taken)
        if undo is None or undo.author != invocation.author:
            return None
        return self._once(replace(invocation, command=undo.command, args=undo.args, typed=None), tx)

    def _once(self, invocation: Invocation, tx: Transaction) -> Message | None:
        known = tx.handled.recognise(invocation.id, invocation.author, invocation.place)
        if known.answer:
            return known.answer[0]
        call = self.call_for(invocation, known, self._arrived(invocation, known, tx), tx)
        if invocation.overheard:
            _say_who_reads_along(call, invocation)
            if invocation.typed is None and not invocation.command:
                tx.handled.add(invocation.id, call.now, None, None)
                return None
        command: Command | None = None
        given: Mapping[str, Any] = {}
        mistaken = False
        try:
            with tx.savepoint():
                command, given = self._read(invocation, call)
                answer = self._run(command, given, call, invocation)
        except UserError as error:
            call.undone_by = None
            # It may quote what was typed, and so how somebody wanted to vote.
            mistaken = invocation.typed is not None or bool(invocation.args)
            answer = message(error.text, form=self._form(error, command, call, invocation))
        except Unsure as unsure:
            call.undone_by = None
            mistaken = invocation.typed is not None or bool(invocation.args)
            command = command or self.commands.by_path[unsure.command]
            answer = _ask_back(unsure, command, call, given.get(ONCE) or f"yes:{invocation.id}")
        except StoreFailed:
            raise
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("Reference %s: %s failed", reference, invocation.command or "a typed command")
            call.undone_by = None
            answer = message(text("error.internal", reference=reference))
        if answer is not None:
            answer = Message(answer.blocks, answer.controls, call.locale)
        to = _answer_to(invocation, command is None or command.private)
        if call.secret:
            if invocation.by_post and answer is not None:
                key = f"{call.secret}{call.resident.id}"
                tx.posts.say_instead(key, to, answer, call.now, invocation.id, account=invocation.account)
            return answer
        # What went into the outbox is kept there, and said once however often it is asked for.
        kept = None if invocation.by_post else answer
        tx.handled.add(invocation.id, call.now, kept, call.undone_by, confidential=mistaken)
        if invocation.by_post and answer is not None:
            key = f"answer:{invocation.id}"
            call.post(to, answer, key, confidential=mistaken, account=invocation.account)
        return answer

    def _form(
        self, error: UserError, command: Command | None, call: Call, invocation: Invocation
    ) -> Form | None:
        """What was filled in can be completed or mended; whoever typed is told what to type."""
        if invocation.typed is not None:
            return None
        if error.form or command is None or not command.asks:
            return error.form
        private = call.theme_here is None
        return form_for(self.commands, command, call.given, at_once=False, private=private)

    def _run(
        self, command: Command, given: Mapping[str, Any], call: Call, invocation: Invocation
    ) -> Message | None:
        """What the command answers; to a question that was answered already, what was said then.

        Raises: UserError; Unsure with what was understood.
        """
        once = _once_by(invocation.author, given.get(ONCE))
        if once and (answered := call.tx.handled.recognise(once, invocation.author, None).answer):
            return answered[0]
        if call.place is None and (room := given.get(ASKED_IN)) is not None:
            _go_back(call, Place(invocation.author.platform, room))
        call.given = {name: value for name, value in given.items() if name not in (ONCE, ASKED_IN)}
        call.command = command.path
        bound = bind(self.commands, command, call.given, call)
        try:
            answer = command.run(call, **bound)
        except Unsure as unsure:
            raise unsure.understanding(keep(self.commands, command, bound)) from None
        if once and not call.secret:  # a secret ballot stands as it was given last
            call.tx.handled.add(once, call.now, answer, None)
        return answer

    def _read(self, invocation: Invocation, call: Call) -> tuple[Command, Mapping[str, Any]]:
        """The command, and its arguments as they were given."""
        if invocation.typed is None:
            found = self.commands.by_path.get(invocation.command)
            if found is None:
                # A button of an earlier version.
                raise UserError("action.gone")
            command, given = found, invocation.args
            if ONCE not in given:  # else that was asked already
                look_over(self.commands, command, given, call.locale)
        else:
            command, given = parse(self.commands, invocation.typed, call.locale)
        if not call.may(command.role):
            raise UserError(f"role.needed.{command.role.name.lower()}")
        return command, given

    def _arrived(self, invocation: Invocation, known: Recognised, tx: Transaction) -> Resident:
        """Who it is, noted as taking part where they are."""
        name = visible(invocation.name)
        resident = known.resident or tx.people.add(invocation.author, name)
        renamed = not known.name_is_chosen and resident.name != name
        if known.resident and (renamed or known.heard_as != invocation.author.address):
            resident = tx.people.heard(resident, invocation.author, name)
        if invocation.account and invocation.account != known.heard_by:
            tx.people.talks_to(invocation.author, invocation.account)
        if known.unheard:
            tx.told.resume(resident.id, invocation.author, self.clock.now())
        if known.theme and (known.resident is None or known.theme_role != invocation.role):
            here = (one.since for one in invocation.present_in if one.place == invocation.place)
            since = next(here, self.clock.now())
            tx.people.take_part(resident.id, known.theme.id, invocation.role, since)
        for gone in invocation.absent_from if known.resident else ():
            if place := tx.places.known(gone):
                tx.people.leave(resident.id, place[0].id, invocation.author.platform)
        for presence in invocation.present_in if invocation.place is None else ():
            if place := tx.places.known(presence.place):
                tx.people.take_part(resident.id, place[0].id, presence.role, presence.since)
        return resident

    def call_for(
        self, invocation: Invocation, known: Recognised, resident: Resident, tx: Transaction
    ) -> Call:
        """What a handler gets for what somebody did."""
        wanted = resident.locale or invocation.locale or known.place_locale
        now = self.clock.now()
        return Call(
            tx=tx,
            id=invocation.id,
            now=now,
            settings=self.settings,
            commands=self.commands,
            locale=self.commands.texts.nearest(wanted, self.settings.locale),
            resident=resident,
            role_here=invocation.role,
            identity=invocation.author,
            place=invocation.place,
            place_locale=self.commands.texts.nearest(known.place_locale, self.settings.locale),
            theme_here=known.theme,
            at=min(invocation.at, now),
            public=invocation.public,
            writes_here=invocation.writes,
            present_in=invocation.present_in,
            mentions=invocation.mentions,
        )

    def call_for_nobody(self, tx: Transaction, what: str) -> Call:
        """For what happens by itself, such as a job that is due; `what` is its id."""
        return Call(
            tx=tx,
            id=what,
            now=self.clock.now(),
            settings=self.settings,
            commands=self.commands,
            locale=self.settings.locale,
            resident=Resident(0, ""),
            role_here=Role.RESIDENT,
        )


def _ask_back(unsure: Unsure, command: Command, call: Call, once: str) -> Message:
    """The question, with a button for each choice: the same command, as it would be meant then."""
    args = {**call.given, **unsure.understood, ONCE: once}
    if call.place:
        args[ASKED_IN] = call.place.room_id
    buttons = [
        Button(label, command.path, {**args, **meant}, style="primary") for label, meant in unsure.choices
    ]
    return message(unsure.question, unsure.otherwise, buttons=buttons)


def _once_by(who: Identity, once: str | None) -> str | None:
    """Under which id it is noted that they answered: whoever else presses answers for themselves."""
    return once and f"{once}:{who.platform}:{who.user_id}"


def _go_back(call: Call, place: Place) -> None:
    """What is said yes to in private holds where it was asked, with the role they have there."""
    known = call.tx.places.known(place)
    part = call.tx.people.part_in(call.resident.id, known[0].id) if known else None
    if known and part:
        call.writes_here = call.may_write(known[0].id)
        call.place, call.theme_here, call.role_here = place, known[0], part[1]


def _say_who_reads_along(call: Call, invocation: Invocation) -> None:
    """Once in that place, in their language; and a word where only they read it, to go on from."""
    assert invocation.place
    key = f"overheard:{invocation.place.room_id}:{invocation.author.user_id}"
    here = Message(message(text("private.overheard")).blocks, locale=call.locale)
    call.post(invocation.place, here, key, account=invocation.account)
    alone = Message(message(text("private.here")).blocks, locale=call.locale)
    call.post(invocation.author, alone, f"{key}:alone", account=invocation.account)


def _answer_to(invocation: Invocation, private: bool) -> Place | Identity:
    return invocation.author if private or invocation.place is None else invocation.place
