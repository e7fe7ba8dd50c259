"""Questions for which community something is, with the words that it is about: whoever has them in which."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, or_

from bot.model.people import Identity
from bot.model.work import WHICH
from storage.batch import Batch
from storage.community import anywhere
from storage.forgotten import OfAccount, drop_posts, some_posts
from storage.tables import handled, posts

# This one, or all.
_QUESTION = bindparam("question_", type_=posts.c.id.type)
_SAID = anywhere(
    some_posts(
        OfAccount.posts[0] & posts.c.id.startswith(WHICH) & or_(_QUESTION.is_(None), posts.c.id == _QUESTION)
    )
)
_DROP_ANSWERED = anywhere(
    delete(handled).where(
        *(OfAccount.answers, handled.c.id.startswith(WHICH)),
        or_(_QUESTION.is_(None), handled.c.id == _QUESTION),
    )
)


class Questions:
    """Implements QuestionStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db

    def drop(self, who: Identity, question: str | None = None) -> None:
        values = {**OfAccount.values(who), "question_": question}
        while drop_posts(self._db, _SAID, values):
            pass
        self._db.execute(_DROP_ANSWERED, values)
