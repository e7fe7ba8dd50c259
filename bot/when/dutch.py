"""Dutch as it is spoken in Flanders."""

from __future__ import annotations

from bot.when.language import DAY, HOUR, MINUTE, MONTH, QUARTER, SECOND, WEEK, YEAR, Language

_COUNT = (
    "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien "
    "zestien zeventien achttien negentien"
)
_ONES = _COUNT.split()
_TENS = {20: "twintig", 30: "dertig", 40: "veertig", 50: "vijftig"}
_NUMBERS = {
    **{name: number for number, name in enumerate(_ONES)},
    **{name: ten for ten, name in _TENS.items()},
    **{f"{_ONES[digit]}en{name}": ten + digit for ten, name in _TENS.items() for digit in range(1, 10)},
    "zestig": 60,
}
_ORDINALS = (
    "eerste tweede derde vierde vijfde zesde zevende achtste negende tiende elfde twaalfde dertiende "
    "veertiende vijftiende zestiende zeventiende achttiende negentiende twintigste"
)
_WEEKDAYS = "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"

DUTCH = Language(
    numbers={
        **_NUMBERS,
        "half, halve, een half, een halve": 0.5,
        "driekwart": 0.75,
        "anderhalf, anderhalve": 1.5,
        **{f"{_ONES[hour]}enhalf, {_ONES[hour]}enhalve": hour + 0.5 for hour in range(2, 13)},
    },
    one="'n",
    ordinals={
        **{name: day for day, name in enumerate(_ORDINALS.split(), start=1)},
        **{f"{name}ste": number for name, number in _NUMBERS.items() if 20 < number < 32},
    },
    ordinal_endings="e, de, ste, den, sten",
    weekdays=(
        "maandag, ma, maa",
        "dinsdag, di, din",
        "woensdag, wo, woe",
        "donderdag, do, don",
        "vrijdag, vr, vrij",
        "zaterdag, za, zat",
        "zondag, zo, zon",
    ),
    months=(
        "januari, jan",
        "februari, feb",
        "maart, mrt",
        "april, apr",
        "mei",
        "juni, jun",
        "juli, jul",
        "augustus, aug",
        "september, sep, sept",
        "oktober, okt",
        "november, nov",
        "december, dec",
    ),
    days_ahead={"vandaag, heden": 0, "morgen": 1, "overmorgen": 2},
    parts={
        "ochtend, 's ochtends, s ochtends, sochtends, vroeg": "04:00-11:59",
        "morgen, 's morgens, s morgens, smorgens, morgens": "04:00-11:59",
        "voormiddag, 's voormiddags, s voormiddags, vm, voor de middag": "06:00-11:59",
        "middag, 's middags, s middags, smiddags": "11:00-17:59",
        "namiddag, 's namiddags, s namiddags, achternoen, nm, na de middag": "12:00-18:59",
        "avond, 's avonds, s avonds, savonds, avonds": "17:00-24:00",
        "nacht, 's nachts, s nachts, snachts": "22:00-29:59",
    },
    within="over, binnen, in",
    hence="vanaf nu",
    units={
        "jaar, jaren": YEAR,
        "maand, maanden": MONTH,
        "week, weken, wk, w": WEEK,
        "dag, dagen, d": DAY,
        "uur, uren, u, h": HOUR,
        "kwartier, kwartieren": QUARTER,
        "minuut, minuten, min, m": MINUTE,
        "seconde, seconden, sec, s": SECOND,
    },
    idioms={8: 7},
    next="volgende, volgend",
    coming="komende, komend, aanstaande, eerstvolgende, eerstkomende, as, ek",
    this="deze, dit",
    at="om, te, klokslag, om klokslag, @",
    hour_letters="u, h",
    hour_words="uur",
    hour_tails="uur, uren, u, h",
    also_durations="h",
    noon="noen, op de noen, op de middag",
    midnight="middernacht",
    quarter="kwart, een kwart",
    past="over, na",
    before="voor",
    half="half",
    half_hour=-30,
    since="van, vanaf",
    to="tot, tot en met, tem",
    until="tot, tot en met, tem, tegen, voor, voor of op",
    and_="en",
    article="de, den, in de, op de, op den",
    links="op, in, van, vanaf, de, den, het, 't, in de, op de, op den",
    fillers=(
        "ten laatste, ten laatste op, uiterlijk, ten uiterste, op zijn laatst, op z'n laatst, "
        "stipt, exact, precies"
    ),
    joined={
        "vanmorgen": "vandaag + ochtend",
        "vanochtend": "vandaag + ochtend",
        "vanvoormiddag": "vandaag + voormiddag",
        "vanmiddag": "vandaag + middag",
        "vannamiddag": "vandaag + namiddag",
        "vanachternoen": "vandaag + achternoen",
        "vanavond": "vandaag + avond",
        "vannacht": "vandaag + nacht",
        "halfuur": "half + uur",
        "een halfuur": "half + uur",
    },
    refused={
        "when.past_day": (
            "gisteren, eergisteren, gisterenavond, gisteravond, gisternamiddag, gisterenmiddag, "
            "gistermiddag, gisterenmorgen, gistermorgen, gisterochtend, vorige, vorig, afgelopen, "
            "verleden, voorbije, laatstleden, jongstleden, ll, jl, geleden"
        ),
        "when.vague": (
            "rond, rond de, omstreeks, ongeveer, circa, ca, ergens, tussen, straks, binnenkort, weldra, "
            "subiet, later, eens, misschien, weekend, begin, eind, einde, midden, paar, enkele, of, uurtje, "
            "dagje, weekje, halfuurtje, kwartiertje, zo snel mogelijk"
        ),
        "when.recurring": (
            "elke, elk, iedere, ieder, alle, om de, telkens, wekelijks, maandelijks, dagelijks, jaarlijks, "
            "tweewekelijks, tweemaandelijks, " + ", ".join(f"{day}s, 's {day}s" for day in _WEEKDAYS.split())
        ),
        "when.holiday": (
            "kerst, kerstmis, kerstdag, kerstavond, oudjaar, oudejaar, oudejaarsavond, oudejaarsdag, "
            "nieuwjaar, nieuwjaarsdag, nieuwjaarsavond, driekoningen, lichtmis, valentijn, carnaval, "
            "aswoensdag, palmzondag, witte donderdag, goede vrijdag, pasen, paasdag, paaszondag, "
            "paasmaandag, hemelvaart, hemelvaartsdag, olh hemelvaart, pinksteren, pinksterdag, "
            "pinkstermaandag, pinksterzondag, moederdag, vaderdag, allerheiligen, allerzielen, "
            "wapenstilstand, sinterklaas,  nationale feestdag, feestdag, dag van de arbeid, vakantie, "
            "verlof, kerstvakantie,  krokusvakantie, paasvakantie, herfstvakantie, zomervakantie, kermis"
        ),
    },
)
