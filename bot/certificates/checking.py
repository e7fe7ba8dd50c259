"""Signing a certificate, and what a code or a file proves to whoever has the community's public key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.certificates.certificate import Certificate, certificate_in
from bot.certificates.codes import Code, read_code
from bot.errors import UserError
from bot.ports.signing import PublicKey, SigningStore, Verifier

# Whatever has more bytes is no certificate: the longest page takes a tenth of that.
LONGEST = 2_000_000
_LONGEST_WORDS = 200_000
_JSON = json.JSONDecoder()
_IS_PDF, _BEGINS = b"%PDF-", b'{"certificate":'


@dataclass(frozen=True, slots=True)
class Proof:
    """That this key signed what is in this code."""

    code: Code
    key: PublicKey


def sign(certificate: Certificate, signing: SigningStore) -> Code:
    """The certificate's code, signed by the community just now.

    It is kept with the certificate, as the key may have a successor later.
    """
    code = Code(signing.current().id, certificate.id, certificate.digest)
    signed = replace(code, signature=signing.sign(code.signed))
    # An operator may give the key a successor at this very moment.
    return signed if signing.current().id == code.key else sign(certificate, signing)


def check(code: Code, keys: Sequence[PublicKey], verifies: Verifier, community: int | None = None) -> Proof:
    """What the code proves, by these keys. `community`: whose certificate it has to be.

    Raises: UserError where the key is none of these, the code is not what was signed, or it is another's.
    """
    named = [key for key in keys if key.id == code.key]
    if not named:
        raise UserError("certificate.check.unknown_key", key=code.key.hex())
    proving = [key for key in named if verifies(key, code.signed, code.signature)]
    if not proving:
        raise UserError("certificate.check.forged")
    if community is not None and all(key.community != community for key in proving):
        raise UserError("certificate.check.elsewhere")
    return Proof(code, next((key for key in proving if key.community == community), proving[0]))


def check_words(certificate: Certificate, proof: Proof) -> None:
    """Raises: UserError where these are not the words that were signed."""
    if certificate.id != proof.code.id:
        raise UserError("certificate.check.another")
    if certificate.digest != proof.code.digest:
        raise UserError("certificate.check.words")


def written(certificate: Certificate, code: Code) -> bytes:
    """What a file holds: the certificate as it was signed, with its code."""
    return _BEGINS + certificate.canonical + b',"code":"' + code.spelled.encode() + b'"}'


def read_file(data: bytes) -> tuple[Certificate, Code]:
    """The certificate in a PDF, or in a file that was attached to one. Raises: UserError."""
    from bot.pictures.pdf import attached_to

    candidates = attached_to(data, _BEGINS, _LONGEST_WORDS) if data.startswith(_IS_PDF) else (data,)
    for candidate in candidates:
        found = _read(candidate)
        if found:
            return found[0], read_code(found[1])
    raise UserError("certificate.check.no_file")


def _read(data: bytes) -> tuple[Certificate, str] | None:
    """What it begins with, whatever stands behind that."""
    words = data[:_LONGEST_WORDS].decode("utf-8-sig", "surrogateescape").lstrip()
    if not words.startswith("{"):
        return None
    try:
        kept, _ = _JSON.raw_decode(words)
        code = kept["code"]
        return (certificate_in(kept["certificate"]), code) if isinstance(code, str) else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
