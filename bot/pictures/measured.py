"""How large a picture is that somebody made, from its first bytes: it is never unpacked.

A small file may hold a picture larger than any memory.
"""

from __future__ import annotations

import io

# The kind of picture, its width and its height.
Measured = tuple[str, tuple[int, int]]
# What has more is too large to be drawn.
MOST_PIXELS = 50_000_000


def measured(head: bytes) -> Measured | None:
    """What picture begins like that, its width and its height; None where it is none.

    Pillow's readers of these stop before what is packed.
    """
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin

    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        measures = _webp(head)
        return ("image/webp", measures) if measures else None
    readers = {
        b"\x89PNG": ("image/png", PngImagePlugin.PngImageFile),
        b"\xff\xd8\xff": ("image/jpeg", JpegImagePlugin.JpegImageFile),
        b"GIF8": ("image/gif", GifImagePlugin.GifImageFile),
    }
    for signature, (kind, read) in readers.items():
        if head.startswith(signature):
            try:
                return kind, read(io.BytesIO(head)).size
            except Exception:
                return None  # whatever somebody made up: nothing that can be shown
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    """Pillow reads all of such a picture, and makes room for it, before it says how large that is."""

    def number(start: int, length: int) -> int:
        return int.from_bytes(head[start : start + length], "little")

    match head[12:16]:
        case b"VP8X":
            return number(24, 3) + 1, number(27, 3) + 1
        case b"VP8L" if head[20:21] == b"\x2f":
            packed = number(21, 4)
            return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        case b"VP8 " if head[23:26] == b"\x9d\x01\x2a":
            return number(26, 2) & 0x3FFF, number(28, 2) & 0x3FFF
    return None
