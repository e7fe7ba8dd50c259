"""Which hours in figures are taken as they stand, and which are asked back.

"8u" or "7.30" is one of twelve: as it stands in the morning, or twelve hours on. As it stands it holds
where that is what people mean; where few do, both are offered. With a zero before it ("07:30"), above
twelve, or with a part of the day ("7u 's morgens") there is nothing to ask, and in words ("om 8 uur") it
is always asked.

    the hour        on a day that      without a day, seen from now
    in figures      is named           still to come    over, twelve hours     over, and so are
                                       today            on not yet             twelve hours on
    1u to 7u59      asked              asked            asked                  asked
    8u to 11u59     as it stands       as it stands     asked                  as it stands
    12u             as it stands       as it stands     asked (midnight)       -
    12u01 to 12u59  as it stands       as it stands     as it stands           as it stands

At one to seven in the night or the morning next to nobody meets or ends anything: 3u is rather the
afternoon, 7u as well the evening. "8u" at half past two may be this evening or tomorrow morning, "12u"
tonight or tomorrow noon.
"""

from __future__ import annotations

from bot.when.phrase import HALF_DAY

_AS_IT_STANDS, _ASKED = False, True
# By the first and the last minute of the day, as in the columns above.
_TABLE = {
    (60, 479): (_ASKED, _ASKED, _ASKED, _ASKED),
    (480, 719): (_AS_IT_STANDS, _AS_IT_STANDS, _ASKED, _AS_IT_STANDS),
    (720, 720): (_AS_IT_STANDS, _AS_IT_STANDS, _ASKED, _AS_IT_STANDS),
}


def is_asked(minutes: int, now: int | None) -> bool:
    """Whether an hour in figures may well mean twelve hours on; all in minutes since midnight.

    `now`: None on a day that is named.
    """
    column = 0 if now is None else 1 + (minutes <= now) + (minutes + HALF_DAY <= now)
    return any(row[column] for (first, last), row in _TABLE.items() if first <= minutes <= last)
