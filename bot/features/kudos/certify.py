"""Certificates: what neighbours thanked somebody for in a year, on a page that anybody can check.

Whoever makes one chooses which reasons stand on it, and what they are called there. It says nothing of hours
or money, and is kept until its owner withdraws it. What draws and signs them is loaded only where one is
made or checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.call import Call
from bot.errors import UserError
from bot.feature import Files, Write
from bot.features.kudos import show
from bot.features.kudos.records import CERTIFICATES, KUDOS, Kept, Kudos, thanks_openly
from bot.model.message import Attachment, Button, Message, message, text
from bot.model.people import Role, Theme
from bot.model.work import Job
from bot.sheets import as_csv

if TYPE_CHECKING:
    from bot.certificates import Certificate

MAKE, WITHDRAW, CHECK, LIST, ENLIST = (
    *("certificate make", "certificate withdraw", "certificate check", "certificate list"),
    "certificate enlist",
)
SUBJECT, OF_YEAR = "certificate", "thanked"
PARTED = "certificate.parted"
FIRST_YEAR = 2000
# So many of what somebody was thanked for are shown to choose from.
SHOWN = 40
# One person makes so many in a day.
A_DAY, DAY = 20, timedelta(days=1)
# So long those on a year's list have to come off it before it is made.
NOTICE = timedelta(days=7)


def make_certificate(
    call: Call,
    chosen: tuple[int, ...] | None = None,
    *,
    called: str | None = None,
    year: int | None = None,
) -> Message:
    """Have what you were thanked for on a page of your own."""
    from bot import certificates as pages

    when = _year(call, year)
    found = _counted(call, call.resident.id, when)
    if not found:
        raise UserError("certificate.none", year=str(when))
    told = [kudos for kudos in found if kudos.reason]
    if chosen is None and told:
        return _choose(told, when, year)
    reasons = _chosen(told, chosen or ())
    if call.used(MAKE, DAY) >= A_DAY:
        raise UserError("certificate.often", count=A_DAY)
    call.use(MAKE, within=DAY)
    # It tells of those whose words stand on it; of all, where it has none.
    says = reasons or found
    _hold(call, says)
    made = _made(call, says, reasons, _name(call, called))
    code = pages.sign(made, call.tx.signing)
    number = call.tx.of(CERTIFICATES).add(
        call.resident.id,
        account=call.identity.address if call.identity else None,
        mark=made.id,
        words=made.canonical.decode(),
        code=code.spelled,
        made_at=made.made,
        says=[kudos.id for kudos in says],
    )
    lines = [text("certificate.ready", certificate=number), *pages.told(made)]
    if not told:  # nothing was to be chosen, and so it was not said before
        lines.append(text("certificate.benefits"))
    files = [
        Attachment(f"{SUBJECT}:{number}", form, text("certificate.file", name=made.name))
        for form in ("pdf", "png")
    ]
    withdraw = Button(text("certificate.button.withdraw"), WITHDRAW, {"certificate": number})
    return message(*lines, files=files, buttons=[_enlist(when), withdraw])


def _year(call: Call, year: int | None) -> int:
    """The year that was named, or this one. Raises: UserError where there can be nothing of it."""
    now = call.said_at.astimezone(call.zone).year
    if year is not None and not FIRST_YEAR <= year <= now:
        raise UserError("certificate.year", first=str(FIRST_YEAR), last=str(now))
    return year or now


def _counted(call: Call, resident: int, year: int) -> Sequence[Kudos]:
    since, until = (datetime.combine(date(each, 1, 1), time(0), call.zone) for each in (year, year + 1))
    return call.tx.of(KUDOS).counted(resident, since, until)


def _choose(found: Sequence[Kudos], when: int, year: int | None) -> Message:
    """What there is to choose from, and what to know before."""
    from bot.certificates.certificate import MOST_REASONS

    lines = [show.mine(each, linked=False) for each in found[-SHOWN:]]
    last = [each.id for each in found[-MOST_REASONS:]]
    args = {"chosen": last, "year": when} if year else {"chosen": last}
    latest = Button(text("certificate.button.latest", count=len(last)), MAKE, args)
    how = text("certificate.choose.how", most=MOST_REASONS, numbers=" ".join(map(str, last[:3])))
    return message(
        *(text("certificate.benefits"), *lines),
        title=text("certificate.choose", year=str(when)),
        hints=[how],
        buttons=[latest],
    )


def _chosen(found: Sequence[Kudos], numbers: Sequence[int]) -> Sequence[Kudos]:
    """Raises: UserError where one of these is none of theirs, or they are too many for a page."""
    from bot.certificates.certificate import MOST_REASONS

    if len({*numbers}) > MOST_REASONS:
        raise UserError("certificate.many", count=len({*numbers}), most=MOST_REASONS)
    by_number = {kudos.id: kudos for kudos in found}
    if unknown := next((number for number in numbers if number not in by_number), None):
        raise UserError("certificate.not_yours", kudos=unknown)
    return [by_number[number] for number in dict.fromkeys(numbers)]


def _hold(call: Call, says: Sequence[Kudos]) -> None:
    """Raises: UserError where one of these ended at this moment."""
    held = call.tx.of(CERTIFICATES).hold([kudos.id for kudos in says])
    if over := next((kudos.id for kudos in says if kudos.id not in held), None):
        raise UserError("certificate.not_yours", kudos=over)


def _name(call: Call, called: str | None) -> str:
    """What they are called on it. Raises: UserError."""
    from bot.certificates import names

    known = call.tx.people.known([call.resident.id]).get(call.resident.id)
    name = called or (known.name if known else "")
    if names.is_too_long(name):
        raise UserError("certificate.name", most=names.LONGEST)
    if not names.is_name(name):
        raise UserError("certificate.name.marks")
    return name


def _made(call: Call, found: Sequence[Kudos], reasons: Sequence[Kudos], name: str) -> Certificate:
    from bot.certificates import Certificate
    from bot.certificates.certificate import new_id

    themes = _seen(call, {kudos.theme for kudos in found})
    days = sorted(date.fromisoformat(kudos.day) for kudos in found)
    givers = {kudos.giver for kudos in found if kudos.giver is not None}
    # Givers who were forgotten cannot be told apart: they count as one.
    forgotten = any(kudos.giver is None for kudos in found)
    return Certificate(
        id=new_id(),
        name=name,
        community=call.settings.name,
        themes=tuple(theme.name for theme in themes),
        since=days[0],
        until=days[-1],
        reasons=tuple(kudos.reason for kudos in reasons),
        neighbours=len(givers) + forgotten,
        language=call.locale,
        made=call.now.replace(microsecond=0),
    )


def _seen(call: Call, themes: Collection[int]) -> Sequence[Theme]:
    """Those of these themes that they may see now. What one is called that they were put out of is not theirs
    to know, as it may be called otherwise since.
    """
    seen = {theme.id for theme in call.themes(themes)}
    if len(seen) < len(themes) and call.belongs():
        seen |= call.tx.places.opened(themes).keys()
    return call.tx.places.themes(seen)


def withdraw_certificate(call: Call, certificate: int) -> Message:
    """Have nobody count on it any more."""
    found = call.tx.of(CERTIFICATES).get(certificate)
    if found is None or found.resident != call.resident.id:
        raise UserError("certificate.unknown", certificate=certificate)
    if found.withdrawn_at is not None:
        raise UserError("certificate.gone", certificate=certificate)
    year = _year_of(found)
    call.tx.of(CERTIFICATES).withdraw(certificate, call.now)
    lines, buttons = [text("certificate.withdrawn", certificate=certificate)], []
    if call.resident.id in call.tx.of(CERTIFICATES).listed(year):
        lines.append(text("certificate.withdrawn.listed", year=str(year)))
        buttons.append(_enlist(year, off=True))
    return message(*lines, buttons=buttons)


def _year_of(found: Kept) -> int:
    """Of which year it tells."""
    from bot.certificates.certificate import certificate_in

    assert found.words
    return certificate_in(json.loads(found.words)).since.year


def check_certificate(call: Call, code: str) -> Message:
    """Whether a code is of a certificate that this community signed, and stands."""
    from bot import certificates as pages

    read = pages.read_code(code)
    signing = call.tx.signing
    proof = pages.check(read, signing.known(), signing.verifies, signing.current().community)
    found = call.tx.of(CERTIFICATES).marked(proof.code.id)
    # What is not kept here any more was withdrawn, or a backup is older than it: it is signed all the same.
    if found is None or found.withdrawn_at is not None:
        return message(text("certificate.checked.withdrawn", id=proof.code.id))
    day = found.made_at.astimezone(call.zone).date()
    return message(text("certificate.checked", id=proof.code.id, on=day), text("certificate.checked.words"))


# --- when what it says ends ---


def check_those_saying(call: Call, kudos: int) -> None:
    """It was taken back, or away, or blanked: what tells of it is withdrawn."""
    _check(call, call.tx.of(CERTIFICATES).saying(kudos))


def parted_due(call: Call, job: Job) -> None:
    """Accounts were parted: a certificate is withdrawn where what it tells of thanks another one by now."""
    _check(call, call.tx.of(CERTIFICATES).of(int(job.subject)))


def _check(call: Call, certificates: Iterable[Kept]) -> None:
    for kept in certificates:
        if not call.tx.of(CERTIFICATES).stands(kept.id):
            _end(call, kept)


def _end(call: Call, kept: Kept) -> None:
    """It is withdrawn; its owner hears so once, and can make another one."""
    assert kept.words
    assert kept.resident
    call.tx.of(CERTIFICATES).withdraw(kept.id, call.now)
    year = date.fromisoformat(json.loads(kept.words)["until"]).year
    again = Button(text("certificate.button.again"), MAKE, {"year": year})
    said = message(text("certificate.ended", certificate=kept.id), buttons=[again])
    call.tell(kept.resident, said, f"{SUBJECT}:{kept.id}:ended", begun=True, beside=True)


# --- the list of a year ---


def _enlist(year: int, *, off: bool = False) -> Button:
    which = "unlist" if off else "enlist"
    return Button(text(f"certificate.button.{which}", year=str(year)), ENLIST, {"year": year, "off": off})


def enlist(call: Call, *, year: int | None = None, off: bool = False) -> Message:
    """Be on the list of those who were thanked in a year, or come off it."""
    when = _year(call, year)
    kept = call.tx.of(CERTIFICATES)
    if off:
        kept.unlist(when, call.resident.id)
    else:
        kept.enlist(when, call.resident.id)
    said = text(f"certificate.{'unlisted' if off else 'enlisted'}", year=str(when))
    return message(said, buttons=[_enlist(when, off=not off)])


def list_year(call: Call, *, year: int | None = None) -> Message:
    """The list of those who were thanked in a year and agreed to be on it, once they had time to come off."""
    when = _year(call, year)
    kept = call.tx.of(CERTIFICATES)
    people = kept.listed(when)
    if not people:
        raise UserError("certificate.list.none", year=str(when))
    new = [resident for resident, told_at in people.items() if told_at is None]
    if new:
        kept.told(when, new, call.now)
        _tell(call, when, new)
    since = sorted(told_at or call.now for told_at in people.values())
    waiting = [told_at for told_at in since if not _had_time(call, told_at)]
    if len(waiting) == len(since):
        return message(text("certificate.list.asked", year=str(when), at=since[0] + NOTICE))
    words = text("certificate.list", year=str(when))
    later = (text("certificate.list.later", count=len(waiting), at=waiting[-1] + NOTICE),) if waiting else ()
    subject = f"{OF_YEAR}:{when}:{call.resident.id}"
    return message(words, *later, files=[Attachment(subject, "csv", words)])


def _had_time(call: Call, told_at: datetime | None) -> bool:
    """Whether somebody who knows it since then could come off."""
    return told_at is not None and call.now >= told_at + NOTICE


def _tell(call: Call, year: int, people: Sequence[int]) -> None:
    """Each hears that they are on it, with a way to come off; who came off and on again hears it again."""
    said = message(
        text("certificate.list.told", year=str(year), at=call.now + NOTICE, who=call.resident),
        buttons=[_enlist(year, off=True)],
    )
    for resident in people:
        key = f"{OF_YEAR}:{year}:{resident}:{int(call.now.timestamp())}"
        call.tell(resident, said, key, begun=True, beside=True)


# --- files ---


def make_file(form: str) -> Callable[[Call, str, Write], Callable[[], bytes]]:
    """What makes a certificate in that form."""

    def make(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
        from bot import certificates as pages
        from bot.certificates.certificate import certificate_in

        kept = call.tx.of(CERTIFICATES).get(int(subject))
        if kept is None or kept.words is None or kept.code is None:
            return lambda: b""
        certificate, code = certificate_in(json.loads(kept.words)), pages.read_code(kept.code)
        texts, zone = call.commands.texts, call.zone
        return lambda: getattr(pages.make(certificate, code, texts, zone), form)

    return make


def is_theirs(call: Call, subject: str, resident: int) -> bool:
    """Whether it is that resident's, and was not withdrawn."""
    kept = call.tx.of(CERTIFICATES).get(int(subject))
    return kept is not None and kept.resident == resident and kept.words is not None


def make_list(call: Call, subject: str, write: Write) -> Callable[[], bytes]:
    """A line for each who is on a year's list and had time to come off: what they are called, and the themes
    that whoever asked for it sees, without those of what is read alone.
    """
    year, reader = map(int, subject.split(":"))
    listed = call.tx.of(CERTIFICATES).listed(year)
    people = [resident for resident, told_at in listed.items() if _had_time(call, told_at)]
    known = call.tx.people.known(people)
    counted = {who: found for who in people if who in known and (found := _counted(call, who, year))}
    themes = {who: {kudos.theme for kudos in found if _is_open(kudos, who)} for who, found in counted.items()}
    every = {theme for theirs in themes.values() for theme in theirs}
    seen = {*call.themes_of(reader, every), *call.tx.places.opened(every)} if every else set()
    name, where = (write(text(f"certificate.list.{column}")) for column in ("name", "themes"))
    rows = [
        {name: known[who].name, where: ", ".join(each.name for each in call.tx.places.themes(theirs & seen))}
        for who, theirs in themes.items()
    ]
    return lambda: as_csv(rows or [{name: "", where: ""}])


def _is_open(kudos: Kudos, resident: int) -> bool:
    """Whether others may read that it thanks them."""
    return thanks_openly(kudos.receivers, resident)


def may_list(call: Call, subject: str, resident: int) -> bool:
    """Whether they asked for it, and organise in the community, or in one of its own themes now."""
    if subject.partition(":")[2] != str(resident):
        return False
    accounts = call.tx.people.accounts([resident]).get(resident, ())
    known = [call.tx.people.by_identity(account) for account in accounts]
    if any(each is not None and each.role >= Role.ORGANISER for each in known):
        return True
    return any(
        (part := call.part_of(resident, theme)) is not None and part.role >= Role.ORGANISER
        for theme in call.own_themes()
    )


FILES = {
    SUBJECT: Files({"pdf": make_file("pdf"), "png": make_file("png")}, is_theirs),
    OF_YEAR: Files({"csv": make_list}, may_list),
}
