"""A message by what it is made of, and what a form makes of what was filled in."""

from __future__ import annotations

from bot.model.message import (
    Attachment,
    Button,
    Field,
    Form,
    Hint,
    Message,
    NativePoll,
    Sign,
    Text,
    Title,
    message,
    residents_in,
    text,
)
from bot.model.people import Resident, Role

LABEL = text("typed", words="x")
FILE = Attachment("poll:3", "csv", text("poll.export", question="Wat?"))
PRESS = Button(LABEL, "poll show", {"poll": 3})
POLL = NativePoll(LABEL, (LABEL, LABEL), 1, "poll choose", {"poll": 3})
FORM = Form(LABEL, "poll vote", {"poll": 3}, (Field("answer", LABEL), Field("answer", LABEL)))


def test_a_message_is_read_from_its_title_to_its_hints_and_says_what_can_be_done() -> None:
    title, line, hint = text("help.title"), text("help.first"), text("help.more")
    said = message(
        line, title=title, hints=[hint], files=[FILE], buttons=[PRESS], native_poll=POLL, form=FORM
    )
    assert said == Message((Title(title), line, Hint(hint), FILE), (PRESS, POLL, FORM))
    assert said.words == (title, line, hint)
    assert (said.title, said.lines, said.hints, said.files) == (title, (line,), (hint,), (FILE,))
    assert (said.buttons, said.native_poll, said.form) == ((PRESS,), POLL, FORM)


def test_a_sign_says_in_words_what_it_stands_for() -> None:
    said = Message((Sign(text("answer.counts")),))
    assert (said.sign, said.words, said.lines) == (text("answer.counts"), (text("answer.counts"),), ())
    assert message(text("help.first")).sign is None


def test_what_was_not_said_is_not_there() -> None:
    said = message()
    assert said == Message()
    assert (said.words, said.title, said.lines, said.hints, said.files) == ((), None, (), (), ())
    assert (said.buttons, said.native_poll, said.form) == ((), None, None)


def test_what_is_filled_in_stands_behind_what_a_form_holds_already() -> None:
    assert FORM.filled_in(["5", " 0 "]) == {"poll": 3, "answer": "5 0"}
    reason = Form(LABEL, "poll vote", {"poll": 3, "answer": "3"}, (Field("answer", LABEL),))
    assert reason.filled_in(["te duur"]) == {"poll": 3, "answer": "3 te duur"}
    assert Form(LABEL, "poll open", {}, (Field("closes", LABEL),)).filled_in([""]) == {}


def test_a_moderator_may_all_that_others_may() -> None:
    assert Role.RESIDENT < Role.ORGANISER < Role.MODERATOR


def test_whoever_is_named_anywhere_in_a_message_is_found() -> None:
    def naming(number: int) -> Text:
        return text("typed", words=(text("typed", words=Resident(number, "Ben")), "Ben", number))

    poll = NativePoll(naming(5), (naming(6), LABEL), 1, "poll choose", {"who": Resident(99, "An")}, naming(7))
    fields = (Field("answer", naming(8), naming(9), choices=(("a", naming(10)),)),)
    said = message(
        naming(1),
        title=naming(2),
        hints=[naming(3)],
        files=[Attachment("poll:3", "csv", naming(4))],
        buttons=[Button(naming(11), "poll show", {"who": Resident(99, "An")})],
        native_poll=poll,
        form=Form(naming(12), "poll vote", {}, fields, lines=(naming(13),)),
    )
    assert {resident.id for resident in residents_in(said)} == set(range(1, 14))
    assert not list(residents_in(message(LABEL, title=LABEL, buttons=[PRESS], native_poll=POLL, form=FORM)))
