"""Signs that people put on messages that are carried: what of them is to stand on these elsewhere.

A sign stands on a message in a place, by Plein's own hand, exactly if somebody put it there in another place.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.carrying import Carried
from bot.clock import Clock
from bot.communities import Communities
from bot.model.people import Identity, Place
from bot.model.signs import Signed, tidy
from bot.names import called
from bot.ports.storage import Store, Transaction
from bot.sign_counts import recount


class CarriedSigns:
    """Keeps who put which sign where, as far as it is carried, and says what is wanted of that."""

    def __init__(self, store: Store, clock: Clock, communities: Communities, carried: Carried) -> None:
        self._store = store
        self._clock = clock
        self._communities = communities
        self._carried = carried

    async def sign(self, signed: Signed) -> None:
        """Raises: StoreFailed if it could not be kept: try again."""
        if signed.place not in self._carried.places:
            return
        community = await self._communities.of_place(signed.place)
        if community is not None:
            tidied = replace(signed, sign=tidy(signed.sign), name=called(signed.name))
            await self._store.run(partial(self._sign, tidied), community=community)

    def _sign(self, signed: Signed, tx: Transaction) -> None:
        now = self._clock.now()
        if signed.on:
            self._put(signed, tx, now)
        else:
            recount(tx, tx.signs.take(signed), now)

    def _put(self, signed: Signed, tx: Transaction, now: datetime) -> None:
        if not (signed.sign and signed.author):
            return
        known = tx.handled.recognise(signed.event, signed.author, signed.place)
        others = self._carried.goes_to(tx, known, signed.place, signed.author, signed.at)
        if others is None or (signed.event and tx.copies.waited(signed.place, signed.event, now)):
            return
        found = tx.copies.at(signed.place, signed.ref)
        if found and found.gone:
            return
        if found is None:
            self._carried.holds_early()
        signed = replace(signed, name=self._carried.name_of(tx, known, signed.author, signed.name))
        if tx.signs.put(signed, found.message if found else None, now) and found:
            there = set(tx.copies.places_of(found.message))
            tx.signs.recount(found.message, [signed.sign], there.intersection(others), now)

    async def at(
        self, place: Place, refs: Collection[str]
    ) -> Mapping[str, Mapping[str, Collection[Identity]]]:
        """Who is known to have put what on what stands there, where it is carried. Raises: StoreFailed."""
        community = await self._communities.of_place(place) if place in self._carried.places else None
        if community is None:
            return {}

        def look(tx: Transaction) -> Mapping[str, Mapping[str, Collection[Identity]]]:
            return tx.signs.at(place, [ref for ref in refs if tx.copies.at(place, ref)])

        return await self._store.read(look, community=community)
