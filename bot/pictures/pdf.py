"""A page as a PDF: its picture, and over it the words, which nobody sees and every reader finds.

So it looks the same everywhere, in whichever script somebody's name is, and can still be searched, copied and
read aloud. The words are set in a font of our own, whose letters are empty: each is one character with all
that belongs to it, and says which. Files can be attached.

reportlab is loaded by the first page, in its thread.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bot.pictures.faces import clusters
from bot.pictures.page import PAGE_HEIGHT, PAGE_WIDTH, Drawn
from bot.pictures.paragraphs import Placed

if TYPE_CHECKING:
    from PIL import Image

# A4 in points.
_WIDTH = 595.28
_POINT = _WIDTH / PAGE_WIDTH
_UNSEEN, _PICTURE = "Unseen", "picture"
# So high are its letters, and half as wide.
_LETTER = 30 * _POINT
# A font has so many letters, and a map of them so many in a part.
_IN_FONT, _IN_PART = 256, 100
_STREAM = re.compile(rb"stream\r?\n")
_LINE_END = re.compile(rb"[\r\n]|\Z")
# In so many bytes what is squeezed says how it begins; of those that begin right so many are looked at.
_FIRST, _MOST_SQUEEZED = 1_000, 20


def as_pdf(drawn: Drawn, title: str, author: str, language: str, attached: Mapping[str, bytes]) -> bytes:
    """The page, what a reader says of it, and files attached by their names: the same bytes every time."""
    from reportlab.pdfgen.canvas import Canvas

    _register_font()
    file = BytesIO()
    size = (_WIDTH, PAGE_HEIGHT * _POINT)
    canvas = Canvas(file, size, pageCompression=1, invariant=1, lang=language)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setSubject(title)
    canvas.setCreator("Plein")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    canvas.saveState()
    canvas.transform(size[0], 0, 0, size[1], 0, 0)
    canvas._doc.addForm(_PICTURE, _picture(drawn.image))
    canvas.doForm(_PICTURE)
    canvas.restoreState()
    canvas.drawText(_unseen(canvas, drawn.words))
    _attach(canvas, attached)
    canvas.save()
    return file.getvalue()


def attached_to(document: bytes, begins: bytes, most: int) -> Iterator[bytes]:
    """The lines attached to it that begin so, as they are or squeezed, so many bytes of each at most.

    Nothing is looked at twice, whoever made the document. What marks where one ends in a PDF is no help: it
    may stand in the line.
    """
    squeezed = 0
    for found in _STREAM.finditer(document):
        at = found.end()
        if document.startswith(begins, at):
            line = _LINE_END.search(document, at)
            yield document[at : min(line.start() if line else at, at + most)]
        elif squeezed < _MOST_SQUEEZED and _loosened(document[at : at + _FIRST], len(begins)) == begins:
            squeezed += 1
            yield _loosened(document[at : at + most], most)


def _loosened(squeezed: bytes, most: int) -> bytes:
    """So many bytes at most of what it was before; nothing where it is something else."""
    try:
        return zlib.decompressobj().decompress(squeezed, most)
    except zlib.error:
        return b""


def _picture(image: Image.Image) -> Any:
    """With its few colours in a list, as it was drawn: reportlab would make three times as much of it."""
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream

    colours = bytes(image.getpalette() or ())
    listed = [PDFName("Indexed"), PDFName("DeviceRGB"), len(colours) // 3 - 1, f"<{colours.hex()}>"]
    about = {
        "Type": PDFName("XObject"),
        "Subtype": PDFName("Image"),
        "Width": image.width,
        "Height": image.height,
        "BitsPerComponent": 8,
        "ColorSpace": PDFArray(listed),
        "Filter": PDFName("FlateDecode"),
    }
    return PDFStream(PDFDictionary(about), zlib.compress(image.tobytes()))


def _unseen(canvas: Any, words: Iterable[Placed]) -> Any:
    laid = canvas.beginText()
    laid.setTextRenderMode(3)
    laid.setFont(_UNSEEN, _LETTER)
    for placed in words:
        # In a line of both ways readers turn round each word alone: what it says is said beside it.
        turned = not placed.rtl and any(run.rtl for run, _, _ in placed.runs)
        if turned:
            laid._code.append(f"/Span <</ActualText <feff{_in_hex(placed.words)}>>> BDC")
        for run, x, width in placed.runs:
            letters = clusters(run.words)
            laid.setTextOrigin(x * _POINT, (PAGE_HEIGHT - placed.y) * _POINT)
            laid.setHorizScale(100 * width * _POINT / (len(letters) * _LETTER / 2))
            # As they are seen: who reads a PDF turns them round again.
            laid.textOut("".join(reversed(letters)) if run.rtl else run.words)
        if turned:
            laid._code.append("EMC")
    return laid


def _attach(canvas: Any, attached: Mapping[str, bytes]) -> None:
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString

    document = canvas._doc
    names: list[Any] = []
    for name, data in attached.items():
        # As it is, so that nothing but a search is needed to read it back.
        kept = PDFStream(PDFDictionary({"Type": PDFName("EmbeddedFile")}), data)
        held = PDFDictionary({"F": document.Reference(kept)})
        said = PDFDictionary(
            {"Type": PDFName("Filespec"), "F": PDFString(name), "UF": PDFString(name), "EF": held}
        )
        names += [PDFString(name), document.Reference(said)]
    document.Catalog.Names = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": PDFArray(names)})})


@cache
def _register_font() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont

    registerFont(_Unseen())


class _Unseen:
    """A font of empty letters, put together for each document as reportlab does with those that it cuts down
    to what is used (reportlab/pdfbase/ttfonts.py says how such a font is asked).
    """

    fontName = _UNSEEN  # noqa: N815
    face = SimpleNamespace(name=_UNSEEN)
    shapable = False
    _dynamicFont, _multiByte = 1, 0  # noqa: N815

    def __init__(self) -> None:
        # By document: the number of each letter in it.
        self._numbers: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()

    def splitString(self, words: str, document: Any) -> Sequence[tuple[int, bytes]]:  # noqa: N802
        numbers = self._numbers.setdefault(document, {})
        found = (numbers.setdefault(letter, len(numbers)) for letter in clusters(words))
        return [(number // _IN_FONT, bytes([number % _IN_FONT])) for number in found]

    def stringWidth(self, words: str, size: float, encoding: str = "utf8") -> float:  # noqa: N802
        return len(clusters(words)) * size / 2

    def getSubsetInternalName(self, subset: int, document: Any) -> str:  # noqa: N802
        if _UNSEEN not in document.fontMapping:
            document.fontMapping[_UNSEEN] = f"/F{len(document.fontMapping) + 1}"
            document.delayedFonts.append(self)
        return f"{document.fontMapping[_UNSEEN]}+{subset}"

    def addObjects(self, document: Any) -> None:  # noqa: N802
        letters = list(self._numbers.pop(document))
        for subset, first in enumerate(range(0, len(letters), _IN_FONT)):
            name = self.getSubsetInternalName(subset, document)[1:]
            font = _font(document, name, letters[first : first + _IN_FONT])
            document.Reference(font, name)
            document.idToObject["BasicFonts"].dict[name] = font


def _font(document: Any, name: str, letters: Sequence[str]) -> Any:
    """A font of type 3, whose letters take room and are empty."""
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream

    empty = PDFStream(content="500 0 0 -200 500 800 d1")
    places = PDFArray([0, *[PDFName("empty")] * len(letters)])
    return PDFDictionary(
        {
            "Type": PDFName("Font"),
            "Subtype": PDFName("Type3"),
            "Name": PDFName(name),
            "FontBBox": PDFArray([0, -200, 500, 800]),
            "FontMatrix": PDFArray([0.001, 0, 0, 0.001, 0, 0]),
            "CharProcs": PDFDictionary({"empty": document.Reference(empty)}),
            "Encoding": PDFDictionary({"Type": PDFName("Encoding"), "Differences": places}),
            "FirstChar": 0,
            "LastChar": len(letters) - 1,
            "Widths": PDFArray([500] * len(letters)),
            "Resources": PDFDictionary({}),
            "ToUnicode": document.Reference(PDFStream(content=_which(letters))),
        }
    )


def _which(letters: Sequence[str]) -> str:
    """Which character each letter is, as PDF has it (ISO 32000, 9.10.3)."""
    parts = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Letters def /CMapType 2 def",
        "1 begincodespacerange <00> <ff> endcodespacerange",
    ]
    for first in range(0, len(letters), _IN_PART):
        part = letters[first : first + _IN_PART]
        parts.append(f"{len(part)} beginbfchar")
        parts += [f"<{first + at:02x}> <{_in_hex(letter)}>" for at, letter in enumerate(part)]
        parts.append("endbfchar")
    return "\n".join([*parts, "endcmap CMapName currentdict /CMap defineresource pop end end"])


def _in_hex(letter: str) -> str:
    return letter.encode("utf-16-be").hex()
