"""What is kept of somebody: handed out whole, as a file, or forgotten.

Both are complete by construction: every table that refers to people says what becomes of its rows (see
`Feature.export` and `Feature.forget`), and a test fails for one that does not.
"""

from __future__ import annotations

from bot.call import Call
from bot.exported import SUBJECT
from bot.features.residents.link import account_of, accounts_of, is_only_moderator
from bot.model.carried import UNNAME
from bot.model.message import Attachment, Button, Message, message, text


def hand_out(call: Call) -> Message:
    """All that is kept of them in this community, for them alone."""
    words = text("me.data")
    subject = f"{SUBJECT}:{call.resident.id}:{account_of(call).address}"
    return message(words, text("me.data.sealed"), files=[Attachment(subject, "json", words)])


def forget_me(call: Call, *, sure: bool = False, leave_copies: bool = False) -> Message:
    """Shown first what goes and what stays; once they say so, it goes.

    What Plein says elsewhere in their name goes too, unless they leave it there without that name.
    """
    if not sure:
        return _asked(call)
    if leave_copies:
        _disown(call)
    call.forget_them()
    return message(text("me.forgotten"), text("me.forgotten.back"))


def _asked(call: Call) -> Message:
    line = call.commands.usage(call.commands.by_path["me forget"], call.locale, {"sure": True})
    lines = [text("me.forget.goes"), text("me.forget.votes"), text("me.forget.stays")]
    if is_only_moderator(call, call.resident.id):
        lines.append(text("me.forget.moderator"))
    buttons = [Button(text("me.forget.button"), "me forget", {"sure": True}, style="danger")]
    accounts = accounts_of(call, call.resident.id)
    if count := sum(call.tx.copies.elsewhere(account, call.now) for account in accounts):
        lines.insert(2, text("me.forget.copies", count=count))
        leaving = {"sure": True, "leave_copies": True}
        buttons.append(Button(text("me.forget.button.leave"), "me forget", leaving, style="danger"))
    return message(
        *lines,
        title=text("me.forget.title"),
        hints=[text("me.forget.how", usage=line)],
        buttons=buttons,
    )


def _disown(call: Call) -> None:
    """What stands elsewhere of theirs is nobody's, and loses their name by and by."""
    for account in accounts_of(call, call.resident.id):
        if (number := call.tx.copies.disown(account)) is not None:
            call.schedule(UNNAME, str(number), call.now, f"{UNNAME}:{number}")
