"""What comes back, as people write it: understood wholly, or asked back."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time, timedelta
from statistics import median
from time import thread_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import when
from bot.errors import UserError
from bot.when import Rule
from bot.when.language import MONTH, WEEK, Language, Unit
from bot.when.rule import LAST
from tests.bot.test_when_rule import FIRSTS, FR, MO, RULES, SU, TH, TU, TUESDAY, WE, written
from tests.chat import BRUSSELS, NOW

LOCALES = st.sampled_from(["nl", "en"])


def refusal(words: str, locale: str = "nl", start: date | None = None) -> str:
    with pytest.raises(UserError) as asked:
        when.read_rule(words, locale, start)
    return asked.value.text.key.removeprefix("when.rule.")


# --- as it is read ---

CLEAR = [
    ("elke dinsdag", Rule.weekly(TU)),
    ("iedere dinsdag", Rule.weekly(TU)),
    ("dinsdags", Rule.weekly(TU)),
    ("'s maandags", Rule.weekly(MO)),
    ("op dinsdagen", Rule.weekly(TU)),
    ("elke di en do", Rule.weekly(TU, TH)),
    ("elke maandag, woensdag en vrijdag", Rule.weekly(MO, WE, FR)),
    ("ma/wo/vr elke week", Rule.weekly(MO, WE, FR)),
    ("van maandag tot en met donderdag, elke week", Rule.weekly(MO, TU, WE, TH)),
    ("elke werkdag", Rule.weekly(MO, TU, WE, TH, FR)),
    ("elke ma-vr", Rule.weekly(MO, TU, WE, TH, FR)),
    ("elke maandag–woensdag", Rule.weekly(MO, TU, WE)),
    ("every Mon-Thu", Rule.weekly(MO, TU, WE, TH)),
    ("wekelijks op dinsdag", Rule.weekly(TU)),
    ("1 keer per week op dinsdag", Rule.weekly(TU)),
    ("twee keer per week, op ma en wo", Rule.weekly(MO, WE)),
    ("om de twee weken op dinsdag", Rule.weekly(TU, every=2)),
    ("iedere 2 weken op dinsdag", Rule.weekly(TU, every=2)),
    ("tweewekelijks op dinsdag", Rule.weekly(TU, every=2)),
    ("2-wekelijks op dinsdag", Rule.weekly(TU, every=2)),
    ("om de andere dinsdag", Rule.weekly(TU, every=2)),
    ("elke woensdag om de 14 dagen", Rule.weekly(WE, every=2)),
    ("eens in de drie weken op woensdag", Rule.weekly(WE, every=3)),
    ("elke eerste maandag van de maand", Rule.by_weekday(1, MO)),
    ("elke eerste maandag", Rule.by_weekday(1, MO)),
    ("elke tweede dinsdag van de maand", Rule.by_weekday(2, TU)),
    ("de eerste maandag van de maand", Rule.by_weekday(1, MO)),
    ("de 3de donderdag van elke maand", Rule.by_weekday(3, TH)),
    ("elke laatste vrijdag van de maand", Rule.by_weekday(LAST, FR)),
    ("elke laatste vrijdag", Rule.by_weekday(LAST, FR)),
    ("één keer per maand op de eerste maandag", Rule.by_weekday(1, MO)),
    ("maandelijks op de 15de", Rule.by_day(15)),
    ("maandelijks op 31", Rule.by_day(31)),
    ("elke maand op 8", Rule.by_day(8)),
    ("elke maand op de 31e", Rule.by_day(31)),
    ("iedere maand op dag 15", Rule.by_day(15)),
    ("elke 15de", Rule.by_day(15)),
    ("elke maand de 15de", Rule.by_day(15)),
    ("op de 1ste van de maand", Rule.by_day(1)),
    ("elke eerste dag van de maand", Rule.by_day(1)),
    ("elke laatste dag van de maand", Rule.by_day(LAST)),
    ("jaarlijks op 11 juli", Rule.yearly(7, 11)),
    ("elk jaar op 11/7", Rule.yearly(7, 11)),
    ("elke 11 juli", Rule.yearly(7, 11)),
    ("elke kerstavond", Rule.yearly(12, 24)),
    ("elk jaar op de eerste zondag van september", Rule.yearly(9, nth=1, weekday=SU)),
    ("elke laatste vrijdag van het jaar", Rule.yearly(12, nth=LAST, weekday=FR)),
    ("elke dag", Rule.daily()),
    ("dagelijks", Rule.daily()),
    ("every Tuesday", Rule.weekly(TU)),
    ("Tuesdays and Thursdays", Rule.weekly(TU, TH)),
    ("every weekday", Rule.weekly(MO, TU, WE, TH, FR)),
    ("every other Tuesday", Rule.weekly(TU, every=2)),
    ("alternate Tuesdays", Rule.weekly(TU, every=2)),
    ("fortnightly on Tuesday", Rule.weekly(TU, every=2)),
    ("every two weeks on Tuesday", Rule.weekly(TU, every=2)),
    ("once every three weeks on Friday", Rule.weekly(FR, every=3)),
    ("every first Monday", Rule.by_weekday(1, MO)),
    ("the last Friday of each month", Rule.by_weekday(LAST, FR)),
    ("every second Tuesday of the month", Rule.by_weekday(2, TU)),
    ("monthly on the 15th", Rule.by_day(15)),
    ("monthly on 15", Rule.by_day(15)),
    ("every month on day 31", Rule.by_day(31)),
    ("the last day of every month", Rule.by_day(LAST)),
    ("every year on 11 July", Rule.yearly(7, 11)),
    ("annually on July 11th", Rule.yearly(7, 11)),
    ("every year on the first Sunday of September", Rule.yearly(9, nth=1, weekday=SU)),
    ("daily", Rule.daily()),
]


@pytest.mark.parametrize(("words", "rule"), CLEAR)
def test_a_repetition_in_peoples_own_words(words: str, rule: Rule) -> None:
    for locale in ("nl", "en"):
        assert when.read_rule(words, locale) == when.RuleReading(rule, True)


TWO_WAYS = [
    ("elke tweede dinsdag", [Rule.weekly(TU, every=2), Rule.by_weekday(2, TU)]),
    ("elke derde donderdag", [Rule.weekly(TH, every=3), Rule.by_weekday(3, TH)]),
    ("elke tweede week op dinsdag", [Rule.weekly(TU, every=2), Rule.by_weekday(2, TU)]),
    ("om de dinsdag", [Rule.weekly(TU, every=2), Rule.weekly(TU)]),
    ("om de week op dinsdag", [Rule.weekly(TU, every=2), Rule.weekly(TU)]),
    ("om de maand op de 15de", [Rule.by_day(15, 2), Rule.by_day(15)]),
    ("om de acht dagen", [Rule.daily(8), Rule.daily(7)]),
    ("every second Tuesday", [Rule.weekly(TU, every=2), Rule.by_weekday(2, TU)]),
    ("biweekly on Tuesday", [Rule.weekly(TU, every=2)]),
    ("biweekly on Tuesday and Thursday", [Rule.weekly(TU, TH, every=2), Rule.weekly(TU, TH)]),
    ("bimonthly on the first Monday", [Rule.by_weekday(1, MO, 2)]),
    ("every year on 7/11", [Rule.yearly(11, 7), Rule.yearly(7, 11)]),
]


@pytest.mark.parametrize(("words", "rules"), TWO_WAYS)
def test_what_can_be_read_in_two_ways_has_both(words: str, rules: list[Rule]) -> None:
    locale = "en" if "/" in words else "nl"
    reading = when.read_rule(words, locale, next(when.dates(rules[0], TUESDAY)))
    assert (list(reading.rules), reading.sure) == (rules, False)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("om de 2 maanden op de 15de", Rule.by_day(15, 2)),
        ("elk kwartaal op de eerste maandag", Rule.by_weekday(1, MO, 3)),
        ("driemaandelijks op de eerste maandag", Rule.by_weekday(1, MO, 3)),
        ("every quarter on the first Monday", Rule.by_weekday(1, MO, 3)),
        ("of every other month the first Monday", Rule.by_weekday(1, MO, 2)),
        ("om de drie dagen", Rule.daily(3)),
        ("om de dag", Rule.daily(2)),
        ("every other day", Rule.daily(2)),
        ("om de twee weken op di en do", Rule.weekly(TU, TH, every=2)),
    ],
)
def test_from_when_it_counts_is_open_without_a_start(words: str, rule: Rule) -> None:
    assert when.read_rule(words) == when.RuleReading(rule, False)
    start = next(when.dates(rule, TUESDAY))
    assert when.read_rule(words, "nl", start) == when.RuleReading(rule, True)


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ("wekelijks", [Rule.weekly(TU)]),
        ("elke week", [Rule.weekly(TU)]),
        ("om de twee weken", [Rule.weekly(TU, every=2)]),
        ("tweewekelijks", [Rule.weekly(TU, every=2)]),
        ("biweekly", [Rule.weekly(TU, every=2)]),
        ("elke maand", [Rule.by_day(8), Rule.by_weekday(2, TU)]),
        ("maandelijks op dinsdag", [Rule.by_weekday(2, TU)]),
        ("elk kwartaal", [Rule.by_day(8, 3), Rule.by_weekday(2, TU, 3)]),
        ("elk jaar", [Rule.yearly(12, 8), Rule.yearly(12, nth=2, weekday=TU)]),
    ],
)
def test_without_a_day_it_is_that_of_the_start(words: str, rules: list[Rule]) -> None:
    reading = when.read_rule(words, "nl", TUESDAY)
    assert (list(reading.rules), reading.sure) == (rules, len(rules) == 1 and words != "biweekly")
    assert reading.fits
    assert refusal(words) == "which_day"


def test_at_the_end_of_a_month_the_same_day_may_be_the_last() -> None:
    assert when.read_rule("elke maand", "nl", date(2027, 8, 31)).rules == (
        Rule.by_day(31),
        Rule.by_weekday(5, TU),
        Rule.by_weekday(LAST, TU),
        Rule.by_day(LAST),
    )


@pytest.mark.parametrize("words", ["elke woensdag", "elke eerste dinsdag van de maand", "elke 15de"])
def test_a_start_that_is_none_of_its_days_is_a_doubt_of_its_own(words: str) -> None:
    reading = when.read_rule(words, "nl", TUESDAY)
    assert (reading.sure, reading.fits) == (True, False)
    assert not when.fits(reading.rule, TUESDAY)


def test_of_a_quarter_it_is_the_month_that_the_start_is_in() -> None:
    words = "de eerste maandag van elk kwartaal"
    assert refusal(words) == refusal(words, start=date(2026, 12, 7)) == "quarter"
    assert when.read_rule(words, "nl", date(2027, 1, 4)) == when.RuleReading(Rule.by_weekday(1, MO, 3), True)
    assert when.read_rule("de laatste vrijdag van elk kwartaal", "nl", date(2027, 3, 26)).sure


HOURS = [
    ("elke dinsdag om 19u30", [time(19, 30)]),
    ("elke dinsdag 20u", [time(20)]),
    ("dinsdags om 20.00 uur", [time(20)]),
    ("elke 15de om 20 uur", [time(20)]),
    ("elke dinsdagavond om 8 uur", [time(20)]),
    ("elke dinsdag om 8 uur 's avonds", [time(20)]),
    ("elke avond om 8 uur", [time(20)]),
    ("elke dinsdag om 9u", [time(9)]),
    ("elke dinsdag om half acht", [time(7, 30), time(19, 30)]),
    ("elke dinsdag om 3 uur", [time(15), time(3)]),
    ("elke dinsdag om 02:30", [time(2, 30)]),
    ("elke dinsdagavond", []),
    ("every Tuesday at 7.30pm", [time(19, 30)]),
    ("every Tuesday at noon", [time(12)]),
]


@pytest.mark.parametrize(("words", "walls"), HOURS)
def test_an_hour_is_taken_along(words: str, walls: list[time]) -> None:
    reading = when.read_rule(words)
    assert [wall for wall in (reading.wall, *reading.other_walls) if wall] == walls
    assert reading.sure == (len(walls) < 2)


@pytest.mark.parametrize(
    ("words", "wall", "lasts", "sure"),
    [
        ("elke dinsdag van 19 tot 21u", time(19), 2, True),
        ("every day from 7pm to 9pm", time(19), 2, True),
        ("elke dinsdag van 20u tot 1 uur 's nachts", time(20), 5, True),
        ("elke dinsdag van 20u tot middernacht", time(20), 4, True),
        ("elke dinsdag van 7 tot 9 uur", time(7), 2, False),  # or from 19 to 21
        ("elke dinsdag van 21u tot 19u", time(21), 22, False),
    ],
)
def test_how_long_it_lasts_is_taken_along(words: str, wall: time, lasts: int, sure: bool) -> None:
    reading = when.read_rule(words)
    assert (reading.wall, reading.lasts, reading.sure) == (wall, timedelta(hours=lasts), sure)


# --- what is asked back ---

REFUSED = {
    "unclear": [
        *("", "dinsdag", "dinsdag 20u", "elke", "om de", "de eerste maandag", "elke eerste", "elke 2de"),
        *("elke dinsdag of donderdag", "elk weekend", "elke paasmaandag", "vrijdag de 13de", "elke blabla"),
        *("elke vrijdag de 13de", "elke dinsdag van de maand", "elke eerste werkdag van de maand"),
        *("om de 0 weken op dinsdag", "om de 10 dagen op dinsdag", "anderhalve week op dinsdag"),
        *("elke dinsdag en", "elke dinsdag behalve in juli", "niet elke dinsdag", "elke andere donderdag"),
        *("every", "every Tuesday or Thursday", "not every Tuesday", "the first Monday", "every weekend"),
        *("FREQ=WEEKLY;BYDAY=TU", "RRULE:FREQ=DAILY", "elke 2 weken op de eerste maandag", "1.5 per week"),
        *(
            "elke ma-wo-vr",
            "elke vr-ma",
            "om de tweede",
            "dinsdag elke",
            "wekelijks op 15",
            "jaarlijks op 15",
            "maandelijks op 2 dagen",
            "maandelijks op 3 dinsdag",
            "elke 31",
            "om de 15de",
            "elke eerste week van de maand op maandag",
        ),
        *("elke maand van het jaar op de 15de", "elke maand de eerste maandag van het kwartaal"),
        *("elke dinsdag " * 20, "9" * 100),
    ],
    "which_day": ["elke week", "om de twee weken", "elke maand", "maandelijks op dinsdag", "biweekly"],
    "which_days": [
        "twee keer per maand",
        "2x per week",
        "twice a month",
        "1x per week op di en do",
        "3 keer per week op di en do",
    ],
    "several": [
        *("elke eerste en derde maandag van de maand", "elke 1ste en 15de van de maand"),
        *("elke eerste maandag en dinsdag van de maand", "the 1st and 15th of the month"),
        "elke maandag en elke derde donderdag van de maand",
    ],
    "bounds": [
        "elke dinsdag vanaf januari",
        "elke dinsdag tot eind juni",
        "every Tuesday until June",
        "elke dinsdag voor 20u",
    ],
    "never": [
        *("elk jaar op 30 februari", "jaarlijks op 31/11", "every February 30", "elke 32ste", "elke 1-15"),
        *("elke zesde maandag van de maand", "every 0th of the month", "elke " + "9" * 90 + "de"),
    ],
    "too_often": ["elke 2 uur", "elk uur", "every second", "elke minuut"],
    "too_seldom": ["om de 100 weken op dinsdag", "om de 999999999999 dagen", "om de 25 maanden op de 1ste"],
    "each_year": ["om de twee jaar op 11 juli", "every two years on 11 July"],
    "midnight": ["elke vrijdag om middernacht", "elke zaterdagnacht om 2u", "every Friday at 24:00"],
}


@pytest.mark.parametrize(
    ("words", "key"), [(words, key) for key, several in REFUSED.items() for words in several]
)
def test_what_is_no_one_repetition_is_asked_back(words: str, key: str) -> None:
    assert refusal(words) == key


def test_what_is_wrong_with_the_hour_is_said_as_of_a_moment() -> None:
    assert refusal("elke dinsdag om 20:75") == "when.no_such_time"
    assert refusal("elke dinsdag om 19u en 21u") == "when.two_hours"
    assert refusal("elke vrijdagmorgen om 20u") == "when.other_part"


def test_what_comes_back_is_no_moment() -> None:
    for words, _ in CLEAR:
        with suppress(UserError):
            assert "maand" in words or "month" in words, when.read(words, NOW, BRUSSELS, whole_days=True)


# --- as it is written ---


@given(RULES, LOCALES, LOCALES)
@example(Rule.yearly(2, 29), "nl", "en")
def test_what_plein_writes_is_read_back(rule: Rule, locale: str, readers: str) -> None:
    start = next(when.dates(rule, TUESDAY))
    reading = when.read_rule(written(rule, locale), readers, start)
    assert reading.rule == rule
    assert reading.fits
    assert reading.sure == (rule != Rule.daily(8) or locale == "en")  # "om de acht dagen"


# --- whatever is typed ---

KNOWN = (
    "elke elk iedere om_de om_de_andere every other each week weken maand maanden jaar dag dagen kwartaal "
    "werkdag 2 3 15 0 15de 31ste 29ste eerste tweede derde vijfde laatste last first second van_de_maand "
    "of_the_month van het op_de op the dinsdag di donderdag dinsdags Tuesdays Tuesday en and , / & - juli "
    "11/7 11/13 1-15 25-12 2026-12-25 0/0 ma-vr 7/11 februari 30 29 wekelijks maandelijks tweewekelijks "
    "biweekly twee keer per x once a month om 20u 8 uur 's avonds avond tot vanaf middernacht half kerst "
    "pasen maandag vrijdag eens in_de"
)
WORDS = [word.replace("_", " ") for word in KNOWN.split(" ")]
SALAD = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
STARTS = st.none() | FIRSTS


@given(st.text() | st.text("0123456789/.-: elkdinsag", max_size=120), LOCALES)
@example("elke " * 19, "nl")
@example("2 " * 50, "nl")
@example("/" * 100, "en")
@example("elke ²de ٣ dinsdag", "nl")
@example("elke dinsdag\u202e\u0000", "nl")
@example("every " + "9" * 94, "en")
@example("om de " + "9" * 80 + " dagen", "nl")
@example("1.12 " * 20, "nl")
def test_any_text_is_a_repetition_or_asked_back(words: str, locale: str) -> None:
    began = thread_time()
    with suppress(UserError):
        when.read_rule(words, locale)
    assert thread_time() - began < 0.2


@given(SALAD, LOCALES, STARTS)
def test_words_of_repetitions_in_any_order_are_one_or_asked_back(
    words: str, locale: str, start: date | None
) -> None:
    try:
        reading = when.read_rule(words, locale, start)
    except UserError:
        return
    assert len({*reading.rules}) == len(reading.rules)
    assert not (reading.sure and (reading.others or reading.other_walls))
    for rule in reading.rules:
        assert when.read_rule(written(rule, locale), locale).rule == rule
    if start and reading.fits:
        assert next(when.dates(reading.rule, start)) == start


def test_a_phrase_costs_next_to_nothing() -> None:
    phrases = [words for words, _ in CLEAR] + [words for several in REFUSED.values() for words in several]
    took = []
    for words in phrases * 3:
        began = thread_time()
        with suppress(UserError):
            when.read_rule(words, "nl", TUESDAY)
        took.append(thread_time() - began)
    assert median(took) < 0.002
    # The slowest of them by its best try, for whatever else the machine does.
    assert max(min(took[number :: len(phrases)]) for number in range(len(phrases))) < 0.002


# --- another language is a table ---

FRENCH = Language(
    numbers={"un, une": 1, "deux": 2},
    ordinals={"premier": 1, "deuxième": 2},
    ordinal_endings="er, e",
    final="dernier",
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
            "novembre", "décembre"),
    days_ahead={"demain": 1},
    units={"mois": MONTH, "semaine, semaines": WEEK},
    hour_letters="h",
    at="à",
    article="le, du",
    links="le, du, de",
    and_="et",
    every="chaque, tous les, toutes les",
    frequency={"trimestriel": Unit(months=3)},
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("chaque mardi et jeudi à 20h30", Rule.weekly(TU, TH)),
        ("toutes les deux semaines le mardi", Rule.weekly(TU, every=2)),
        ("chaque premier lundi du mois", Rule.by_weekday(1, MO)),
        ("le dernier vendredi du mois", Rule.by_weekday(LAST, FR)),
        ("chaque 11 juillet", Rule.yearly(7, 11)),
    ],
)
def test_another_language_is_a_table(words: str, rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(when.LANGUAGES, "fr", FRENCH)
    assert when.read_rule(words, "fr").rule == when.read_rule(words, "nl").rule == rule
