"""Tools: the shed of a theme lends them out, shows what is out, and says when something is due back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import Field

from bot.call import Call
from bot.commands.declare import Command
from bot.errors import UserError
from bot.feature import Among, Feature
from bot.model.events import Heard
from bot.model.message import Button, Message, Suggestion, message, text, typed
from bot.model.people import Resident
from bot.model.work import Job
from bot.ports.people import Exported
from bot.ports.storage import StoreKey, Transaction
from bot.settings import Section

DAY = timedelta(days=1)
SUBJECT = "tools"
BORROWING = "tool borrow"
BACK = "tool.back"


class ToolsSettings(Section):
    """For how many days something is lent out, and how often somebody may borrow in a day."""

    days: Annotated[int, Field(ge=1, le=99)] = 14
    a_day: Annotated[int, Field(ge=1, le=99)] = 2


@dataclass(frozen=True, slots=True)
class Loan:
    """Something that is out, from the shed of a theme."""

    id: int
    theme: int
    resident: int
    tool: str
    back_at: datetime


class ToolStore(Protocol):
    """What the shed needs kept."""

    def lend(self, theme: int, resident: int, tool: str, back_at: datetime) -> Loan: ...

    def get(self, loan: int) -> Loan | None: ...

    def out(self, theme: int) -> Sequence[Loan]: ...

    def with_resident(self, resident: int) -> Sequence[Loan]: ...

    def keep(self, loan: Loan, back_at: datetime) -> None: ...

    def bring_back(self, loan: Loan) -> None: ...

    def merge(self, old: int, new: int) -> None: ...

    def pass_on(self, loan: Loan, resident: int) -> None: ...


TOOLS: StoreKey[ToolStore] = StoreKey("tools")


def borrow_tool(call: Call, tool: str, *, back: datetime | None = None) -> Message:
    """Take something out of the shed."""
    theme, settings = call.theme(), call.settings.of(ToolsSettings)
    if any(loan.tool.casefold() == tool.casefold() for loan in call.tx.of(TOOLS).out(theme.id)):
        raise UserError("tool.out", tool=tool)
    if (count := call.used(BORROWING, DAY)) >= settings.a_day:
        raise UserError("tool.often", count=count)
    call.use(BORROWING, within=DAY)
    back_at = back or call.now + settings.days * DAY
    loan = call.tx.of(TOOLS).lend(theme.id, call.resident.id, tool, back_at)
    call.schedule(BACK, str(loan.id), back_at)
    call.board(f"{SUBJECT}:{theme.id}", theme.id)
    call.changed(f"{SUBJECT}:{theme.id}")
    bring = Button(text("tool.button.return"), "tool return", {"tool": tool})
    return message(text("tool.borrowed", tool=tool, back=back_at), buttons=(bring,))


def keep_tool(call: Call, tool: str, back: datetime) -> Message:
    """Keep it for longer."""
    loan = _own(call, tool)
    call.tx.of(TOOLS).keep(loan, back)
    call.schedule(BACK, str(loan.id), back)
    call.changed(f"{SUBJECT}:{loan.theme}")
    return message(text("tool.borrowed", tool=loan.tool, back=back))


def return_tool(call: Call, tool: str) -> Message:
    """Bring it back."""
    loan = _own(call, tool)
    call.tx.of(TOOLS).bring_back(loan)
    call.unschedule(f"{BACK}:{loan.id}")
    call.changed(f"{SUBJECT}:{loan.theme}")
    return message(text("tool.returned", tool=loan.tool))


def pass_tool_on(call: Call, who: Resident, tool: str) -> Message:
    """Somebody else has it from now on."""
    loan = _own(call, tool)
    call.tx.of(TOOLS).pass_on(loan, who.id)
    return message(text("tool.passed_on", tool=loan.tool, who=who))


def _own(call: Call, tool: str) -> Loan:
    for loan in call.tx.of(TOOLS).with_resident(call.resident.id):
        if loan.tool.casefold() == tool.casefold():
            return loan
    raise UserError("tool.not_yours", tool=tool)


def back_due(call: Call, job: Job) -> None:
    """Everybody hears what should be back."""
    loan = call.tx.of(TOOLS).get(int(job.subject))
    if loan:
        call.announce(loan.theme, message(text("tool.due", tool=loan.tool)), call.id)


def say_when_back(call: Call, heard: Heard) -> Message | None:
    """Whoever asks the others for something that is out hears when it is back."""
    words = heard.words.casefold()
    out = call.tx.of(TOOLS).out(call.theme().id) if words.endswith("?") else ()
    lines = [
        text("tool.line", tool=loan.tool, back=loan.back_at) for loan in out if loan.tool.casefold() in words
    ]
    return message(*lines) if lines else None


def show_board(call: Call, subject: str) -> Message:
    """What is out."""
    out = call.tx.of(TOOLS).out(int(subject))
    lines = [text("tool.line", tool=loan.tool, back=loan.back_at) for loan in out]
    return message(*(lines or [text("tool.none")]), title=text("tool.board"))


def suggest_tools(call: Call, given: str) -> Sequence[Suggestion]:
    """What they have from the shed."""
    tools = [loan.tool for loan in call.tx.of(TOOLS).with_resident(call.resident.id)]
    return [Suggestion(tool, typed(tool)) for tool in tools if given.casefold() in tool.casefold()]


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either has from the shed is with the one that they are."""
    tx.of(TOOLS).merge(old, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """What they have counts as returned."""
    for loan in tx.of(TOOLS).with_resident(resident):
        tx.of(TOOLS).bring_back(loan)
        tx.boards.mark(f"{SUBJECT}:{loan.theme}")


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they have from the shed."""
    loans = tx.of(TOOLS).with_resident(resident)
    return {
        "loans": [
            {"theme": loan.theme, "tool": loan.tool, "back_at": loan.back_at.isoformat()} for loan in loans
        ]
    }


FEATURE = Feature(
    name="tools",
    commands=(
        Command("tool borrow", borrow_tool),
        Command("tool keep", keep_tool),
        Command("tool give", pass_tool_on),
        Command("tool return", return_tool),
    ),
    jobs={BACK: back_due},
    boards={SUBJECT: show_board},
    suggest={"tool": suggest_tools},
    merge=merge_residents,
    forget=forget_resident,
    export=export_resident,
    hears=say_when_back,
    settings=ToolsSettings,
    keeps=TOOLS,
    locales=Path(__file__).parent / "locales",
)
