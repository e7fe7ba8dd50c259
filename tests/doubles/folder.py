"""A platform that shows what people said elsewhere, several messages as one where it falls behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.folds import replaced, under_name
from bot.model.carried import Copy
from bot.rich import plain
from tests.doubles.carrier import Carrier

BETWEEN = " / "


@dataclass(slots=True)
class FoldingCarrier(Carrier):
    """What goes as one stands beside each other."""

    longest: int = 200
    reworded: list[tuple[Copy, tuple[int, ...], int]] = field(default_factory=list)

    @property
    def longest_fold(self) -> int:
        return self.longest

    async def lengths(self, copy: Copy) -> Sequence[int]:
        return [len(share.encode()) for share in self._shares(copy)]

    async def reword(self, copy: Copy, lengths: Sequence[int], which: int) -> bool:
        room = copy.place.room_id
        self._fail(f"before:{room}")
        before = "" if copy.several else "Mia: "
        here, ref = self.history[room], copy.stands[0]
        share = next(iter(self._shares(copy)), "").encode()
        written = here.get(ref, "").removeprefix(before).encode()
        new = replaced(written, lengths, which, share, BETWEEN.encode())
        if new is None:
            return False
        here[ref] = before + new.decode()
        self.reworded.append((copy, tuple(lengths), which))
        self._fail(f"after:{room}")
        await self._tell()
        return True

    def _shares(self, copy: Copy) -> list[str]:
        said = [
            under_name(spoken.name, spoken.rich) if copy.several else spoken.rich for spoken in copy.shares
        ]
        return [plain(rich).replace("\n", "|") for rich in said]

    def _parts(self, copy: Copy) -> list[str]:
        if not copy.shares or copy.spoken is None:
            return super(FoldingCarrier, self)._parts(copy)
        together = BETWEEN.join(self._shares(copy))
        return [together if copy.several else f"{copy.spoken.name}: {together}"]
