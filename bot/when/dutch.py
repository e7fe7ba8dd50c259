"""Dutch as it is spoken in Flanders."""

from __future__ import annotations

from bot.when.language import DAY, HOUR, MINUTE, MONTH, QUARTER, SECOND, WEEK, YEAR, Language, Unit

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
        "donderdag, do, don, dond",
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
    holidays={
        "nieuwjaar, nieuwjaarsdag": "1-1",
        "driekoningen": "1-6",
        "lichtmis, maria lichtmis": "2-2",
        "valentijn, valentijnsdag": "2-14",
        "dag van de arbeid, feest van de arbeid": "5-1",
        "vlaamse feestdag, feest van de vlaamse gemeenschap, feestdag van de vlaamse gemeenschap": "7-11",
        "nationale feestdag": "7-21",
        "olv hemelvaart, o l v hemelvaart, maria hemelvaart, half oogst, halfoogst": "8-15",
        "allerheiligen": "11-1",
        "allerzielen": "11-2",
        "wapenstilstand, sint maarten": "11-11",
        "sinterklaas, sint niklaas": "12-6",
        "kerstavond": "12-24",
        "kerst, kerstmis, kerstdag, eerste kerstdag": "12-25",
        "tweede kerstdag": "12-26",
        "oudjaar, oudejaar, oudejaarsavond, oudejaarsdag": "12-31",
        "aswoensdag": "easter - 46",
        "palmzondag": "easter - 7",
        "witte donderdag": "easter - 3",
        "goede vrijdag": "easter - 2",
        "pasen, paasdag, paaszondag, eerste paasdag": "easter",
        "paasmaandag, tweede paasdag": "easter + 1",
        "hemelvaart, hemelvaartsdag, olh hemelvaart, o l h hemelvaart": "easter + 39",
        "pinksteren, pinksterdag, pinksterzondag, eerste pinksterdag": "easter + 49",
        "pinkstermaandag, tweede pinksterdag": "easter + 50",
    },
    final="laatste",
    closing="eind, einde, het einde, op het einde, tegen het einde, tegen eind, tegen einde",
    by="tegen",
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
    more="nog, nog eens, met",
    longer="langer, extra, meer",
    hence="vanaf nu",
    units={
        "jaar, jaren": YEAR,
        "maand, maanden, maandje": MONTH,
        "week, weken, weekje, weekjes, wk, w": WEEK,
        "dag, dagen, dagje, dagjes, d": DAY,
        "uur, uren, uurtje, uurtjes, u, h": HOUR,
        "kwartier, kwartieren, kwartiertje": QUARTER,
        "minuut, minuten, minuutje, minuutjes, min, m": MINUTE,
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
    to="tot, tot en met, tem, t/m",
    until="tot, tot en met, tem, t/m, tegen, voor, voor of op",
    and_="en, &",
    article="de, den, in de, op de, op den",
    links="op, in, van, vanaf, vd, v/d, de, den, het, 't, in de, op de, op den",
    latest="ten laatste, ten laatste op, uiterlijk, ten uiterste, op zijn laatst, op z'n laatst",
    fillers="stipt, exact, precies",
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
        "halfuurtje": "half + uur",
        "een halfuurtje": "half + uur",
    },
    every="elke, elk, iedere, ieder, alle, telkens, steeds",
    other="om de andere, om het andere",
    spaced="om de, om het",
    frequency={
        "dagelijks, dagelijkse": DAY,
        "wekelijks, wekelijkse": WEEK,
        "tweewekelijks, tweewekelijkse, veertiendaags, veertiendaagse": Unit(days=14),
        "driewekelijks, driewekelijkse": Unit(days=21),
        "vierwekelijks, vierwekelijkse": Unit(days=28),
        "maandelijks, maandelijkse": MONTH,
        "tweemaandelijks, tweemaandelijkse": Unit(months=2),
        "driemaandelijks, driemaandelijkse": Unit(months=3),
        "halfjaarlijks, halfjaarlijkse, zesmaandelijks, zesmaandelijkse": Unit(months=6),
        "jaarlijks, jaarlijkse": YEAR,
    },
    period={
        "kwartaal, kwartalen": Unit(months=3),
        "halfjaar, half jaar, semester": Unit(months=6),
    },
    times={"eens, eenmaal": 1, "tweemaal": 2, "driemaal": 3, "viermaal": 4},
    times_words="keer, maal, x",
    per="per",
    each_weekday=[f"{day}s, 's {day}s, s {day}s, {day}en" for day in _WEEKDAYS.split()],
    workdays="werkdag",
    each_workday="werkdagen",
    onward="vanaf, startend, startend op, beginnend, beginnend op, te beginnen, te beginnen op, ingaand",
    public_holidays="feestdag, feestdagen, wettelijke feestdagen, officiële feestdagen, alle feestdagen",
    school_holidays=(
        "schoolvakantie, schoolvakanties, alle schoolvakanties, tijdens schoolvakanties, "
        "tijdens de schoolvakantie, tijdens de schoolvakanties"
    ),
    school_breaks={
        "herfstvakantie": "autumn_break",
        "kerstvakantie": "christmas_break",
        "krokusvakantie": "spring_break",
        "paasvakantie": "easter_break",
        "zomervakantie, grote vakantie": "summer_break",
    },
    refused={
        "when.past_day": (
            "gisteren, eergisteren, gisterenavond, gisteravond, gisternamiddag, gisterenmiddag, "
            "gistermiddag, gisterenmorgen, gistermorgen, gisterochtend, vorige, vorig, afgelopen, "
            "verleden, voorbije, laatstleden, jongstleden, ll, jl, geleden"
        ),
        "when.vague": (
            "rond, rond de, omstreeks, ongeveer, circa, ca, ergens, tussen, straks, binnenkort, weldra, "
            "subiet, later, eens, misschien, weekend, begin, midden, paar, enkele, of, zo snel mogelijk"
        ),
        # On another day here than there, or no day at all.
        "when.holiday": (
            "nieuwjaarsavond, carnaval, moederdag, vaderdag, feestdag, vakantie, verlof, kerstvakantie, "
            "krokusvakantie, paasvakantie, herfstvakantie, zomervakantie, kermis"
        ),
    },
)
