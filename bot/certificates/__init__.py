"""Certificates: what neighbours thanked somebody for, on a page of their own that anybody can check.

    certificate.py  what one says, and the one way in which that is written down to be signed
    codes.py        the code on the page: what it holds, how it is spelled, and what is wrong with one
    checking.py     what a code proves, and what is in a file
    names.py        what somebody may be called on one
    files.py        the page as a picture and as a PDF, and its words

A certificate is signed once, when it is made (`sign`), and its files can be made of the two at any time
(`make`). `read_code` and `check` say of a code what it proves.
"""

from __future__ import annotations

from bot.certificates.certificate import Certificate
from bot.certificates.checking import Proof, check, read_file, sign
from bot.certificates.codes import Code, read_code
from bot.certificates.files import Files, make, page_of, told

__all__ = [
    "Certificate",
    "Code",
    "Files",
    "Proof",
    "check",
    "make",
    "page_of",
    "read_code",
    "read_file",
    "sign",
    "told",
]
