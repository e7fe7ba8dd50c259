"""From an invocation to its answer: one transaction, and nothing is acknowledged before it is kept.

The answer is remembered under the invocation's id, so that the same event, brought a second
time, changes nothing and gives the same answer. Of what a handler says was confided nothing is
remembered here: how many rows there are would tell (Call.confide).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bot import beside
from bot.call import NOBODY, Call
from bot.clock import Clock
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.forms import ABOUT
from bot.commands.read import bind, check_given, form_of, keep, look_over, parse
from bot.communities import TURN, Communities, Whose, choices, of_community, without_marks
from bot.errors import Asked, AskFirst, StoreFailed, TurnFirst, Unsure, UserError
from bot.model.events import Invocation, Mention, Reacted, Remark
from bot.model.message import Button, Form, Message, Sign, Suggestion, message, text, typed
from bot.model.people import (
    FIRST_COMMUNITY,
    Identity,
    Place,
    Resident,
    Role,
)
from bot.model.work import UNKNOWN, WHICH, Aside
from bot.platforms import Inquiry, Platforms
from bot.ports.belongings import Belongings
from bot.ports.people import Recognised
from bot.ports.storage import Store, Transaction
from bot.reactions import ON, Reactions
from bot.speaker import Told, arrived, came_back, is_over, note, recognised, understood

log = logging.getLogger(__name__)
# Among the arguments of a button that answers a question: it is done once, whichever is pressed how often.
ONCE = "once"
# And the room in which it was asked: where answers are private, the button is pressed elsewhere.
ASKED_IN = "asked_in"
# What only chooses a community, for whatever is said in private.
CHOOSE = "community choose"
# And what has all forgotten, also that they spoke at all.
FORGET = "me forget"
# So often within ten minutes somebody is answered where others read it, who could be in private.
_BESIDE, MOST_BESIDE, BESIDE_WITHIN = "beside", 20, timedelta(minutes=10)
# What whoever is in no community is told in private.
STRANGER = "community.unknown"
# So many can be looked over at once.
MOST_SUGGESTED = 25


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ask:
    """What an attempt needs first: to know where whoever speaks is, of these places by theme; or that this
    was awaited.
    """

    places: Mapping[int, Sequence[Place]]
    first: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class _Turn:
    """An attempt is to be made anew for another community, which they choose by it."""

    community: int


class Dispatch:
    """Runs invocations. Everything that a handler may do is in the Call it gets."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        commands: Commands,
        communities: Communities,
        belongings: Belongings,
        platforms: Platforms | None = None,
        reactions: Reactions | None = None,
        *,
        under_way: Callable[[], Mapping[str, Mapping[Place | None, datetime]]] = dict,
    ) -> None:
        self.store = store
        self.communities = communities
        self.clock = clock
        self.commands = commands
        self.belongings = belongings
        self._platforms = platforms or Platforms()
        self._reactions = reactions or Reactions(communities, ())
        self._under_way = under_way

    async def handle(self, invocation: Invocation) -> Message | None:
        """The answer, after the commit. Raises: StoreFailed if it could not be kept: try again."""
        if invocation.reacted:
            await self._react(invocation, invocation.reacted)
            return None
        return await self._handle(invocation)

    async def _react(self, invocation: Invocation, reacted: Reacted) -> None:
        """The command that goes with that sign where it was put; what it answers is said to them alone."""
        community = await self.communities.of_place(invocation.place) if invocation.place else None
        command = self._reactions.command(community, reacted.sign) if community else None
        if command:
            await self._handle(replace(invocation, command=command, args={ON: reacted.on}))

    async def _handle(self, invocation: Invocation) -> Message | None:
        whose, answer = await self._run_for_whom(invocation)
        invocation = without_marks(invocation)
        while isinstance(answer, _Turn):
            whose = replace(whose, community=answer.community, turns=True)
            answer = await self._run_for(whose, invocation)
        question = invocation.args.get(ONCE)
        if isinstance(question, str) and question.startswith(WHICH):
            await self._end_question(invocation.author, question)
        if answer is None or self._is_unclear(whose, invocation):
            return answer
        if invocation.place is None and not invocation.by_post:
            answer = self.communities.headed_among(whose.used, answer, whose.community)
        return of_community(answer, whose.community)

    async def _end_question(self, author: Identity, question: str) -> None:
        """The question for which community it is has their words in another one: not once it is answered."""
        await self.store.run_anywhere(lambda tx: tx.questions.drop(author, question))

    async def _run_for_whom(self, invocation: Invocation) -> tuple[Whose, Message | _Turn | None]:
        """Whose it turns out to be, and the answer."""
        if not self.communities.is_found_within(invocation):
            whose = await self.communities.of(invocation)
            return whose, await self._run_for(whose, without_marks(invocation))
        plain, found = without_marks(invocation), Whose(FIRST_COMMUNITY, stranger=True)
        inquiry = Inquiry(self._platforms)

        def find(tx: Transaction) -> int:
            nonlocal found
            found = self.communities.within(tx, invocation)
            return found.community

        def once(told: Told, tx: Transaction) -> Message | _Ask | _Turn | None:
            return None if found.stranger else self._once_for(found, plain, inquiry, told, tx)

        answer = await self._asking(
            plain, lambda told: self.store.run(partial(once, told), plain, community=find)
        )
        if found.stranger:
            found = await self.communities.of_stranger(invocation)
            answer = await self._run_for(found, plain)
        return found, answer

    async def _run_for(self, whose: Whose, invocation: Invocation) -> Message | _Turn | None:
        inquiry = Inquiry(self._platforms)
        return await self._asking(
            invocation,
            lambda told: self.store.run(
                partial(self._once_for, whose, invocation, inquiry, told),
                invocation,
                community=whose.community,
            ),
        )

    def _once_for(
        self, whose: Whose, invocation: Invocation, inquiry: Inquiry, told: Told, tx: Transaction
    ) -> Message | _Ask | _Turn | None:
        if self._is_unclear(whose, invocation):
            return self._say_first(invocation, whose, tx)
        return self._once(invocation, told, tx, whose=whose, inquiry=inquiry)

    def _is_unclear(self, whose: Whose, invocation: Invocation) -> bool:
        return bool(whose.refused) or (whose.asks and not self._names_one(invocation))

    def _say_first(self, invocation: Invocation, whose: Whose, tx: Transaction) -> Message | None:
        """For which community it is to be, or why it is for none: nothing is done yet, for nobody."""
        known = tx.handled.recognise(invocation.id, invocation.author, None)
        if known.answer:
            return said_before(known.answer[0], invocation.id, invocation.author, tx)
        said_at = invocation.earliest or invocation.at
        if is_over(known, invocation.author, said_at, tx, self.clock.now()):
            return None
        wanted = (known.account and known.account.resident.locale) or invocation.locale
        locale = self.commands.texts.nearest(wanted, self.communities.configured(whose.community).locale)
        said = self._which(invocation, whose.mine, locale) if whose.asks else message(text(whose.refused))
        theirs = f"{UNKNOWN}{invocation.author.address}:"
        forgets = whose.refused == STRANGER and self._understood_so_far(invocation, locale)[0] == FORGET
        if forgets:
            tx.posts.drop(theirs)
            said = message(text("community.forgotten"))
        said, now = Message(said.blocks, said.controls, locale), self.clock.now()
        if invocation.by_post:
            to = invocation.place or invocation.author
            key = f"{WHICH if whose.asks else 'answer:'}{invocation.id}"
            if whose.refused == STRANGER:
                # A stranger hears each of these once a day: of theirs no more is kept.
                key = f"{theirs}{'forgotten:' if forgets else ''}{now:%Y-%m-%d}"
            tx.posts.add(key, to, said, now, confidential=True, account=invocation.account)
        if whose.asks:
            tx.handled.add(invocation.id, now, None, None, author=invocation.author)
            if not invocation.by_post:  # what it asks may have to be looked up once it is answered
                key = f"{WHICH}{invocation.id}"
                tx.handled.add(key, now, said, None, author=invocation.author, confidential=True)
        return said

    def _which(self, invocation: Invocation, mine: Mapping[int, str], locale: str) -> Message:
        """The question for which community it is, with a button for each: the same command, for that one.

        What cannot be read yet is to be said again.
        """
        path, given = self._understood_so_far(invocation, locale)
        args = {ONCE: f"{WHICH}{invocation.id}", **given} if path else {}
        path = path or CHOOSE
        buttons = [
            Button(typed(name), path, {**args, TURN: number}, style="primary")
            for number, name in choices(mine)
        ]
        return message(text("community.which"), text("community.remembered"), buttons=buttons)

    def _understood_so_far(self, invocation: Invocation, locale: str) -> tuple[str, Mapping[str, Any]]:
        """The command and its arguments; no path where what was typed cannot be read yet."""
        if invocation.typed is None:
            known = invocation.command in self.commands.by_path
            return invocation.command if known else "", invocation.args
        try:
            command, given = parse(self.commands, invocation.typed, locale)
        except (UserError, Unsure):
            return "", {}
        return command.path, given

    def _names_one(self, invocation: Invocation) -> bool:
        """Whether they say themselves for which community it is to be."""
        path, given = self._understood_so_far(invocation, self.commands.texts.locales[0])
        return path == CHOOSE and bool(given)

    async def take_back(self, invocation: Invocation, taken: str) -> Message | None:
        """Undo what the invocation `taken` did, if its own author asks; nothing otherwise."""
        community = await self.communities.that_handled(taken)
        if community is None:
            return None
        answer = await self._asking(
            invocation,
            lambda told: self.store.run(
                partial(self._undo_once, invocation, taken, told), community=community
            ),
        )
        return of_community(answer, community) if isinstance(answer, Message) else None

    async def suggest(self, invocation: Invocation, name: str, typed: str) -> Sequence[Suggestion]:
        """What the argument `name` could be. It only reads: whoever is still typing has done nothing yet."""
        words, whose = typed.strip(), await self.communities.of(invocation)
        invocation = without_marks(invocation)
        if whose.refused or (whose.asks and invocation.command != CHOOSE):
            return ()
        return await self._asking(
            invocation,
            lambda told: self.store.read(
                partial(self._suggest, invocation, name, words, told, whose), community=whose.community
            ),
        )

    async def _asking(self, invocation: Invocation, attempt: Callable[[Told], Awaitable[T | _Ask]]) -> T:
        """What the attempt gives, once all that it needs to know of who speaks was asked of their platform.

        Most need nothing: they are about the theme of the place that they came from. Nothing can be awaited
        within a transaction, so what is about another one is attempted again with the platform's answer.
        """
        told: Told = None if invocation.presence is None else {}
        while isinstance(found := await attempt(told), _Ask):
            if found.first:
                await found.first()
                continue
            assert told is not None
            assert invocation.presence
            places = [place for of_theme in found.places.values() for place in of_theme]
            present = await invocation.presence(places) if places else {}
            told |= {theme: (of_theme, present) for theme, of_theme in found.places.items()}
        return found

    def _suggest(
        self, invocation: Invocation, name: str, typed: str, told: Told, whose: Whose, tx: Transaction
    ) -> Sequence[Suggestion] | _Ask:
        argument = self.commands.argument(invocation.command, name)
        suggest = argument.suggest if argument else None
        if suggest is None:
            return ()
        known = tx.handled.recognise(invocation.id, invocation.author, invocation.place)
        call = self.call_for(invocation, known, known.resident or NOBODY, tx)
        call.given, call.command, call.mine = invocation.args, invocation.command, whose.mine
        call.told = understood(invocation, told, tx, call.now)
        try:
            if not (self.commands.by_path[invocation.command].anyone or call.belongs()):
                return ()
            return suggest(call, typed)[:MOST_SUGGESTED]
        except AskFirst as first:
            return _ask(first, invocation, tx)

    def _undo_once(
        self, invocation: Invocation, taken: str, told: Told, tx: Transaction
    ) -> Message | _Ask | _Turn | None:
        undo = tx.handled.undo(taken)
        if undo is None or undo.author != invocation.author:
            return None
        args = dict(undo.args)
        taken_back = replace(invocation, command=undo.command, args=args, typed=None)
        if about := Remark.read(args.pop(ABOUT, None)):
            reacted = Reacted("", on=False)
            taken_back = replace(taken_back, about=about, reacted=reacted, looks_private=False)
        return self._once(taken_back, told, tx)

    def _once(
        self,
        invocation: Invocation,
        told: Told,
        tx: Transaction,
        *,
        whose: Whose | None = None,
        inquiry: Inquiry | None = None,
    ) -> Message | _Ask | _Turn | None:
        known = recognised(invocation, tx)
        if known.answer:
            return said_before(known.answer[0], invocation.id, invocation.author, tx)
        said_at, now = invocation.earliest or invocation.at, self.clock.now()
        if is_over(known, invocation.author, said_at, tx, now):
            return None
        if invocation.reacted and not invocation.reacted.on and known.account is None:
            return None  # nothing came of it when it was put there
        if told is not None and (here := came_back(invocation, known)) and here not in told:
            return _ask(AskFirst((here,)), invocation, tx)
        call = self.call_for(invocation, known, arrived(invocation, known, tx, now), tx)
        call.inquiry = inquiry
        if whose:
            call.mine, call.turned = whose.mine, whose.turns
        if call.turned:
            tx.people.turns_here(invocation.author, whose.turned_after(call.now) if whose else call.now)
        if told is not None:
            call.told = note(invocation, call.resident, told, tx, call.now) if told else {}
            if call.told and call.theme_here and call.theme_here.id in call.told:
                part = call.told[call.theme_here.id]
                call.since_here = part.since if part else invocation.since
        if invocation.looks_private:
            _say_who_reads_along(call, invocation)
            if invocation.typed is None and not invocation.command:
                tx.handled.add(invocation.id, call.now, None, None, author=invocation.author)
                return None
        command: Command | None = None
        given: Mapping[str, Any] = {}
        confidential = aloud = False
        asides: Sequence[Aside] = ()
        try:
            # Asked about before anything is done: what is done is not done twice for that.
            if _may_hear_beside(invocation, known):
                asides = beside.look(call)
            with tx.savepoint():
                command, given = self._read(invocation, call)
                answer = self._run(command, given, call, invocation)
                _note_what_takes_back(invocation, command, call)
            aloud, confidential = command.open, command.confidential or call.sealed
        except UserError as error:
            call.undone_by = None
            # It may quote what was typed, and so how somebody wanted to vote.
            confidential = call.sealed or invocation.typed is not None or bool(invocation.args)
            aloud = error.open or (command is not None and command.open)
            call.in_sight = False
            answer = message(error.text, form=self._form(error, command, call, invocation))
        except Unsure as unsure:
            call.undone_by = None
            confidential = call.sealed or invocation.typed is not None or bool(invocation.args)
            command = command or self.commands.by_path[unsure.command]
            aloud, call.in_sight = unsure.open, False
            answer = _ask_back(unsure, command, call, given.get(ONCE) or f"yes:{invocation.id}")
        except Asked as asked:
            answer, aloud = asked.question, asked.open
        except AskFirst as first:
            if first.before:
                first.before()
            return _ask(first, invocation, tx)
        except TurnFirst as turn:
            return _Turn(turn.community)
        except StoreFailed:
            raise
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("Reference %s: %s failed", reference, invocation.command or "a typed command")
            call.undone_by, call.in_sight = None, False
            answer = message(text("error.internal", reference=reference))
        # What is of another theme is for nobody else who saw it typed.
        aloud, call.in_sight = aloud and not call.elsewhere, call.in_sight and not call.elsewhere
        if answer is not None:
            answer = Message(answer.blocks, answer.controls, call.locale)
        stays = answer
        if answer is not None and _has_room(answer) and _reads_it_alone(invocation, known, call, aloud=aloud):
            stays = _explaining(answer, known, call, invocation)
            answer = beside.say(call, stays, asides)
        if call.secret:
            if invocation.by_post and answer is not None:
                key = f"{call.secret}{call.resident.id}"
                whom, account = invocation.author, invocation.account
                tx.posts.say_instead(key, whom, answer, call.now, invocation.id, account=account)
            return answer
        # What went into the outbox is kept there, and said once however often it is asked for.
        kept = None if invocation.by_post else stays
        tx.handled.add(
            invocation.id,
            call.now,
            kept,
            call.undone_by,
            author=invocation.author,
            by_mark=call.resident.id == NOBODY.id,
            confidential=confidential,
        )
        if invocation.found_as:
            _note_if_found(invocation, call)
        if invocation.by_post and answer is not None:
            self._post(answer, call, invocation, aloud=aloud, confidential=confidential)
        return answer

    def _post(
        self,
        answer: Message,
        call: Call,
        invocation: Invocation,
        *,
        aloud: bool,
        confidential: bool,
    ) -> None:
        """Say it; to whom a word in private would reach late, beside what they said where that is no secret.

        That it counts takes no more than a sign there, and no word at all where they see it anyway. Of one
        person so much is said there, and what is beyond that in private: all else there comes after it.
        """
        if invocation.reacted:
            # Nobody asked aloud: nothing is posted there, and no private talk is begun for it.
            if call.resident.id != NOBODY.id:
                key = f"answer:{invocation.id}"
                call.tell(call.resident, answer, key, confidential=confidential, beside=True)
            return
        if call.in_sight and invocation.beside and invocation.acknowledged:
            return
        to: Place | Identity = invocation.author
        if invocation.beside and (aloud or call.in_sight) and _may_be_beside(call):
            to = invocation.beside
            if call.in_sight:
                answer = Message((Sign(text("answer.counts")),), locale=call.locale)
        key, whom = f"answer:{invocation.id}", [invocation.author] if isinstance(to, Place) else ()
        call.post(to, answer, key, confidential=confidential, account=invocation.account, mentions=whom)

    def _form(
        self, error: UserError, command: Command | None, call: Call, invocation: Invocation
    ) -> Form | None:
        """What was given can be completed or mended; whoever typed is told what to type as well."""
        if error.form or invocation.typed is not None or command is None or not command.asks:
            return error.form
        return form_of(call.commands, command, call.given, call, at_once=False)

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
        call.about = call.about or Remark.read(given.get(ABOUT))
        call.given = {name: value for name, value in given.items() if name not in (ONCE, ASKED_IN, ABOUT)}
        call.command = command.path
        bound = bind(self.commands, command, call.given, call)
        try:
            answer = command.run(call, **bound)
        except Unsure as unsure:
            raise unsure.understanding(keep(call.commands, command, bound)) from None
        if once and not call.secret:  # a secret ballot stands as it was given last
            sealed = command.confidential or call.sealed
            call.tx.handled.add(once, call.now, answer, None, author=invocation.author, confidential=sealed)
        return answer

    def _read(self, invocation: Invocation, call: Call) -> tuple[Command, Mapping[str, Any]]:
        """The command, and its arguments as they were given; who wrote what it is about is one of them."""
        author = invocation.about.author if invocation.about else None
        command, given = self._given(invocation, call, author.written if author else "")
        call.about = invocation.about
        if author and command.about:
            given = {command.about: author.written, **given}
            # In a reply to one they may name another: then it is not about what that one said.
            call.about = invocation.about if given[command.about] == author.written else None
        self._check_may(command, invocation, call)
        return command, given

    def _given(self, invocation: Invocation, call: Call, about: str) -> tuple[Command, Mapping[str, Any]]:
        if invocation.typed is None:
            found = self.commands.by_path.get(invocation.command)
            if found is None:
                # A button of an earlier version.
                raise UserError("action.gone")
            command = found
            given = {name: value for name, value in invocation.args.items() if value is not None}
            check_given(self.commands, command, given)
            if not all(isinstance(given.get(name, ""), str) for name in (ONCE, ASKED_IN)):
                raise UserError("action.gone")
            if ONCE not in given:  # else that was asked already
                look_over(self.commands, command, given, call.locale)
        else:
            command, given = parse(self.commands, invocation.typed, call.locale, about=about)
            if invocation.args:
                takes = {argument.name for argument in self.commands.arguments(command)}
                given = {name: value for name, value in invocation.args.items() if name in takes} | given
        return command, given

    def _check_may(self, command: Command, invocation: Invocation, call: Call) -> None:
        if not call.may(command.role):
            raise UserError(f"role.needed.{command.role.name.lower()}")
        if not command.anyone:
            if not invocation.there:
                raise UserError("place.left")
            call.check_belongs()

    def call_for(
        self, invocation: Invocation, known: Recognised, resident: Resident, tx: Transaction
    ) -> Call:
        """What a handler gets for what somebody did."""
        wanted, now = resident.locale or invocation.locale or known.place_locale, self.clock.now()
        return Call(
            tx=tx,
            id=invocation.id,
            now=now,
            configured=self.communities.configured(tx.community),
            is_as_configured=known.is_as_configured,
            catalogue=self.commands,
            belongings=self.belongings,
            wanted=wanted,
            resident=resident,
            role_here=invocation.role,
            identity=invocation.author,
            platform_name=invocation.name,
            handle=invocation.handle or invocation.author.user_id,
            place=invocation.place,
            place_wanted=known.place_locale,
            theme_here=known.theme if invocation.there else None,
            since_here=known.part.since if known.part else invocation.since,
            at=min(invocation.at, now),
            public=invocation.public,
            writes_here=invocation.writes,
            removal=invocation.removal,
            under_way=self._under_way,
            on_platforms=self._platforms.since,
            arrival=invocation.arrival,
            account=invocation.account,
            apart=known.account is not None and known.account.apart,
            mentions=[named for named in _named_in(invocation) if named.community in (None, tx.community)],
        )

    def call_for_nobody(self, tx: Transaction, what: str) -> Call:
        """For what happens by itself, such as a job that is due; `what` is its id."""
        return Call(
            tx=tx,
            id=what,
            now=self.clock.now(),
            configured=self.communities.configured(tx.community),
            catalogue=self.commands,
            belongings=self.belongings,
            resident=NOBODY,
            role_here=Role.RESIDENT,
            on_platforms=self._platforms.since,
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


def said_before(answer: Message | None, invocation_id: str, who: Identity, tx: Transaction) -> Message | None:
    """The answer to what is brought again; a question for which community it is, until that is answered."""
    return answer or tx.handled.answer(f"{WHICH}{invocation_id}", who)


def _go_back(call: Call, place: Place) -> None:
    """What is said yes to in private holds where it was asked, with the role they have there now."""
    known = call.tx.places.known(place)
    part = call.part_in(known[0].id) if known else None
    if known and part:
        call.writes_here = part.writes
        call.place, call.theme_here, call.role_here, call.since_here = place, known[0], part.role, part.since


def _ask(first: AskFirst, invocation: Invocation, tx: Transaction) -> _Ask:
    """About which places of its own their platform is to be asked."""
    if first.first:
        return _Ask({}, first.first)
    on = tx.places.on(invocation.author.platform, first.themes)
    return _Ask({theme: on.get(theme, ()) for theme in first.themes})


def _say_who_reads_along(call: Call, invocation: Invocation) -> None:
    """Once in that place, in their language; and a word where only they read it, to go on from."""
    assert invocation.place
    key = f"overheard:{invocation.place.room_id}:{call.resident.id}"
    here = Message(message(text("private.overheard")).blocks, locale=call.locale)
    call.post(invocation.place, here, key, account=invocation.account)
    alone = Message(message(text("private.here")).blocks, locale=call.locale)
    call.post(invocation.author, alone, f"{key}:alone", account=invocation.account)


def _reads_it_alone(invocation: Invocation, known: Recognised, call: Call, *, aloud: bool) -> bool:
    """Whether something is to be said beside it: why they were told something aloud, or what could be said
    nowhere; and the answer is for them alone, and reaches them.
    """
    if known.account is None or call.secret or call.resident.id == NOBODY.id:
        return False
    if not (known.account.told_aloud or known.account.unheard):
        return False
    if not invocation.by_post:
        return True
    beside = invocation.beside is not None and (aloud or call.in_sight)
    in_private = invocation.place is None or known.account.talks
    return in_private and not beside


def _may_hear_beside(invocation: Invocation, known: Recognised) -> bool:
    """Whether something waits to be said beside an answer; where the outbox says that, it says all of it."""
    return known.account is not None and known.account.unheard and not invocation.by_post


def _has_room(answer: Message) -> bool:
    """A form that is shown at once has none for what is said beside it."""
    return not (answer.form and answer.form.at_once)


def _explaining(answer: Message, known: Recognised, call: Call, invocation: Invocation) -> Message:
    """The answer, with why they were told something aloud; once."""
    if not (known.account and known.account.told_aloud):
        return answer
    call.tx.told.explained(call.resident.id)
    why = [text("private.aloud"), *([text("private.aloud.how")] if invocation.place else [])]
    return replace(answer, blocks=(*answer.blocks, *why))


def _named_in(invocation: Invocation) -> Sequence[Mention]:
    """Whoever wrote what it is about is named by that."""
    author = invocation.about.author if invocation.about else None
    return (*invocation.mentions, author) if author else invocation.mentions


def _note_if_found(invocation: Invocation, call: Call) -> None:
    """A sign that was dealt with is no news where it is found standing there; once taken away it is again."""
    kept, found = call.tx.handled, invocation.found_as
    if invocation.reacted and not invocation.reacted.on:
        kept.drop(found)
    elif not kept.recognise(found, invocation.author, None).answer:
        kept.add(found, call.now, None, None, author=invocation.author)


def _note_what_takes_back(invocation: Invocation, command: Command, call: Call) -> None:
    """A sign that is taken away, where that is an event of its own, is the same command with `on` False."""
    if invocation.reacted and invocation.reacted.on and call.about and call.undone_by is None:
        call.undo_with(command.path, **{ON: False, ABOUT: call.about.kept()})


def _may_be_beside(call: Call) -> bool:
    """Counted, of whoever is somebody still."""
    if call.used(_BESIDE, BESIDE_WITHIN) >= MOST_BESIDE:
        return False
    if call.resident.id != NOBODY.id:
        call.use(_BESIDE, within=BESIDE_WITHIN)
    return True
