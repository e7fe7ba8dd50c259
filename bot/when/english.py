"""English, with the day before the month."""

from __future__ import annotations

from bot.when.language import DAY, HOUR, MINUTE, MONTH, SECOND, WEEK, YEAR, Language, Unit

_COUNT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_ONES = _COUNT.split()
_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"

ENGLISH = Language(
    numbers={
        **{name: number for number, name in enumerate(_ONES)},
        **{name: ten for ten, name in _TENS.items()},
        **{
            f"{name} {_ONES[digit]}, {name}{_ONES[digit]}": ten + digit
            for ten, name in _TENS.items()
            for digit in range(1, 10)
        },
        "sixty": 60,
        "half, a half, half a, half an": 0.5,
        "quarter of an, a quarter of an": 0.25,
        "three quarters of an": 0.75,
    },
    one="a, an, another, by another",
    ordinals={
        **{name: day for day, name in enumerate(_ORDINALS.split(), start=1)},
        **{f"twenty {name}": 20 + day for day, name in enumerate(_ORDINALS.split()[:9], start=1)},
        "thirtieth": 30,
        "thirty first": 31,
    },
    ordinal_endings="st, nd, rd, th",
    weekdays=(
        "monday, mon",
        "tuesday, tue, tues",
        "wednesday, wed, weds",
        "thursday, thu, thur, thurs",
        "friday, fri",
        "saturday, sat",
        "sunday, sun",
    ),
    months=(
        "january, jan",
        "february, feb",
        "march, mar",
        "april, apr",
        "may",
        "june, jun",
        "july, jul",
        "august, aug",
        "september, sep, sept",
        "october, oct",
        "november, nov",
        "december, dec",
    ),
    month_first=True,
    holidays={
        "new year, new year's, new year's day, new years day": "1-1",
        "epiphany": "1-6",
        "valentine's day, valentines day": "2-14",
        "labour day, may day": "5-1",
        "halloween": "10-31",
        "all saints, all saints day, all saints' day": "11-1",
        "all souls, all souls day, all souls' day": "11-2",
        "armistice day": "11-11",
        "christmas eve": "12-24",
        "christmas, christmas day": "12-25",
        "boxing day": "12-26",
        "new year's eve, new years eve": "12-31",
        "ash wednesday": "easter - 46",
        "palm sunday": "easter - 7",
        "good friday": "easter - 2",
        "easter, easter sunday": "easter",
        "easter monday": "easter + 1",
        "ascension, ascension day": "easter + 39",
        "whitsun, whit sunday, pentecost": "easter + 49",
        "whit monday": "easter + 50",
    },
    final="last",
    closing="end, the end, at the end, by the end",
    by="by",
    days_ahead={"today": 0, "tomorrow, tmrw": 1, "the day after tomorrow, day after tomorrow": 2},
    parts={
        "morning": "04:00-11:59",
        "afternoon": "12:00-18:59",
        "evening": "17:00-24:00",
        "night, at night": "18:00-28:59",
    },
    within="in, within",
    more="another, by another, by",
    longer="longer, extra, more",
    hence="from now",
    units={
        "year, years": YEAR,
        "month, months": MONTH,
        "fortnight, fortnights": Unit(days=14),
        "week, weeks, wk, w": WEEK,
        "day, days, d": DAY,
        "hour, hours, hr, hrs, h": HOUR,
        "minute, minutes, min, mins, m": MINUTE,
        "second, seconds, sec, secs, s": SECOND,
    },
    later={"week": 7, "fortnight": 14},
    next="next",
    coming="coming, upcoming",
    this="this",
    at="at, @",
    hour_words="o'clock",
    hour_tails="hours, hrs, h",
    noon="noon, midday",
    midnight="midnight",
    quarter="quarter, a quarter",
    past="past, after",
    before="to",
    half="half",
    half_hour=30,
    since="from",
    to="to, until, till, til, through, thru",
    until="until, till, til, by, before, up to, no later than",
    and_="and, &",
    article="the, in the, on the",
    links="on, the, of, in, from, in the, on the, starting, starting at",
    latest="at the latest, at latest",
    fillers="sharp, exactly",
    joined={"tonight": "today + night"},
    every="every, each",
    other="every other, every alternate, alternate, alternating",
    frequency={
        "daily": DAY,
        "weekly": WEEK,
        "fortnightly": Unit(days=14),
        "monthly": MONTH,
        "quarterly": Unit(months=3),
        "half yearly": Unit(months=6),
        "yearly, annually": YEAR,
    },
    twofold={
        "biweekly, bi weekly": WEEK,
        "bimonthly, bi monthly": MONTH,
    },
    period={"quarter": Unit(months=3), "half year": Unit(months=6)},
    times={"once": 1, "twice": 2, "thrice": 3},
    times_words="time, times, x",
    per="per",
    each_weekday=[f"{day}s" for day in _WEEKDAYS.split()],
    workdays="weekday, workday, working day, work day",
    each_workday="weekdays, workdays, working days, work days",
    onward="from, starting, starting on, starting from, beginning, beginning on, as of",
    public_holidays="public holiday, public holidays, bank holiday, bank holidays, all public holidays",
    school_holidays=(
        "school holiday, school holidays, school breaks, all school holidays, during school holidays, "
        "during the school holidays"
    ),
    school_breaks={
        "autumn break, autumn holidays, autumn half term": "autumn_break",
        "christmas break, christmas holidays": "christmas_break",
        "spring half term": "spring_break",
        "easter break, easter holidays": "easter_break",
        "summer break, summer holidays": "summer_break",
    },
    refused={
        "when.past_day": "yesterday, the day before yesterday, day before yesterday, last, previous, ago",
        "when.vague": (
            "around, about, approximately, roughly, circa, sometime, somewhere, some, between, soon, later, "
            "maybe, weekend, beginning, start of, mid, couple, few, or, asap"
        ),
        # On another day here than there, or no day at all.
        "when.holiday": (
            "mother's day, mothers day, father's day, fathers day, holiday, holidays, bank holiday"
        ),
    },
)
