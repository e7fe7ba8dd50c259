"""Files as people post them, and as they come: made up, small or large."""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from PIL import Image

from bot.errors import NotCarried
from bot.files import examined, too_large, unreadable
from bot.model.carried import Copy
from bot.model.files import Fetched, Posted

_numbers = itertools.count(1)


def picture(form: str = "PNG", width: int = 4, height: int = 3) -> bytes:
    """One that is a different one each time."""
    made = io.BytesIO()
    number = next(_numbers) * 7_919
    colour = (number % 256, number // 256 % 256, number // 65_536 % 256)
    Image.new("RGB", (width, height), colour).save(made, form)
    return made.getvalue()


@dataclass
class Elsewhere:
    """Stands in for the core where files are fetched: what is in each is known by its source."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def post(self, name: str, data: bytes, **more: object) -> Posted:
        """A file that somebody posted elsewhere."""
        source = f"{len(self.files)}:{name}"
        self.files[source] = data
        return Posted(source, name, **{"size": len(data), **more})  # type: ignore[arg-type]

    @property
    def fetch(self) -> Callable[[Copy, Posted, int], AbstractAsyncContextManager[Fetched]]:
        @asynccontextmanager
        async def fetch(copy: Copy, posted: Posted, most: int) -> AsyncIterator[Fetched]:
            self.asked.append(posted.name)
            if self.trouble:
                raise self.trouble.pop(0)
            if posted.size is not None and posted.size > most:
                raise NotCarried(too_large(posted, most))
            if (data := self.files.get(posted.source)) is None:
                raise NotCarried(unreadable(posted))
            with tempfile.TemporaryFile() as into:
                into.write(data)
                yield examined(posted, into, len(data))

        return fetch
