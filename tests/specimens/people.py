"""Invented people and the facts about them that the letters quote. Nobody here exists."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tests.specimens import mrz

CITY = "30999 Musterstadt"

_ORIGINS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    # nationality, birthplace, women's names, men's names, family names
    ("türkisch", "Eskişehir", ("Ayşegül", "Zeynep"), ("Çağrı", "Işık"), ("Yıldızoğlu", "Akgümüş", "Şentürk")),
    ("syrisch", "Hama", ("Rania", "Lubna"), ("Mohammed", "Yassin"), ("Al-Darwisch", "Haddadin", "Kassabi")),
    ("polnisch", "Łomża", ("Małgorzata", "Kinga"), ("Paweł", "Grzegorz"), ("Wójcicki", "Żurawik", "Łopatka")),
    ("vietnamesisch", "Nam Định", ("Thị Hoa", "Mai Lan"), ("Văn Đức", "Quang"), ("Nguyễn", "Trần")),
    (
        "serbisch",
        "Čačak",
        ("Jelena", "Dragana"),
        ("Miloš", "Nenad"),
        ("Đorđević", "Šimunović", "Petronijević"),
    ),
    ("ivorisch", "Bouaké", ("Aïssata", "Désirée"), ("Kouamé", "Théophile"), ("N'Guessan", "Koffiéba")),
    ("ukrainisch", "Poltawa", ("Oksana", "Ljudmyla"), ("Taras", "Mykola"), ("Kowaltschuk", "Bondarenjuk")),
    (
        "brasilianisch",
        "São Luís",
        ("Conceição", "Luíza"),
        ("João", "Estêvão"),
        ("Gonçalves Brandão", "Falcão"),
    ),
    ("afghanisch", "Herat", ("Fereshta", "Nilab"), ("Ahmad Zia", "Sharif"), ("Nourzai", "Wahidyar")),
    ("rumänisch", "Târgu Jiu", ("Ștefania", "Ioana"), ("Mircea", "Răzvan"), ("Țăranu", "Ungureanița")),
    ("schweizerisch", "Zürich", ("Käthi", "Ursina"), ("Jürg", "Beat"), ("Großenbacher", "Rüegsegger")),
    ("albanisch", "Durrës", ("Besarta", "Vjollca"), ("Ardian", "Ilir"), ("Hoxhallari", "Përmeti")),
)
_STREETS = (
    "Gänsemarkt",
    "Lindenstraße",
    "Am Alten Hafen",
    "Königsworther Weg",
    "Größenbergallee",
    "Kirchröder Gasse",
)
_CLERKS = ("Böttcher", "Frau Niemeyer-Lüth", "Herr Wäspi", "Frau Tönnjes", "Herr Krägeloh", "Schöttelndreier")
_EMPLOYERS = (
    "Backhaus Körnig GmbH",
    "Nordlicht Logistik KG",
    "Elektro Süßmilch GmbH",
    "Pflegedienst Möwe gGmbH",
)
_LANDLORDS = ("Hannelore Püschmann", "Detlef Kühnröder", "Ingeborg Vößing")
_CHILDREN = ("Elif", "Jonas", "Mila", "Adém", "Zoë")


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person: name, origin and dates; everything else in a letter is made up from these."""

    given: str
    family: str
    female: bool
    nationality: str
    birthplace: str
    birth: date
    street: str

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given} {self.family}"


def invent(rng: random.Random) -> Person:
    """A person drawn from ``rng``; the same state gives the same person."""
    nationality, birthplace, women, men, families = rng.choice(_ORIGINS)
    female = rng.random() < 0.5
    return Person(
        given=rng.choice(women if female else men),
        family=rng.choice(families),
        female=female,
        nationality=nationality,
        birthplace=birthplace,
        birth=date(1950, 1, 1) + timedelta(days=rng.randrange(14_000)),
        street=_street(rng),
    )


def facts(person: Person, file_number: str, rng: random.Random) -> Mapping[str, str]:
    """All fields a template may name, consistent within one document."""
    written = _opened(file_number) + timedelta(days=rng.randrange(30, 1_100))
    return {
        **_identity(person),
        **_dates(person, written, rng),
        **_offices(file_number, written, rng),
        **_papers(person, file_number),
        **_money(rng),
    }


def _opened(file_number: str) -> date:
    """The first of the year a file number like ``33.2-2019/004711`` names."""
    return date(int(file_number[5:9]), 1, 1)


def _identity(person: Person) -> dict[str, str]:
    title = "Frau" if person.female else "Herr"
    return {
        "given": person.given,
        "family": person.family,
        "given_upper": person.given.replace("ı", "I").upper(),
        "family_upper": person.family.replace("ı", "I").upper(),
        "sex": "F" if person.female else "M",
        "gender": "weiblichen" if person.female else "männlichen",
        "child_of": "Tochter" if person.female else "Sohn",
        "née": "née" if person.female else "né",
        "gender_fra": "féminin" if person.female else "masculin",
        "child_of_fra": "fille" if person.female else "fils",
        "salutation": f"Sehr geehrte{'' if person.female else 'r'} {title} {person.family}",
        "holder": f"{title} {person.name}",
        "holder_dat": f"{'Frau' if person.female else 'Herrn'} {person.name}",
        "of_holder": f"der Frau {person.name}" if person.female else f"des Herrn {person.name}",
        "nationality": person.nationality,
        "birthplace": person.birthplace,
        "street": person.street,
        "city": CITY,
    }


def _dates(person: Person, written: date, rng: random.Random) -> dict[str, str]:
    def days(low: int, high: int) -> timedelta:
        return timedelta(days=rng.randrange(low, high))

    return {
        "birth": german(person.birth),
        "birth_year": str(person.birth.year),
        "birth_child": german(written - days(2_600, 5_000)),
        "date": german(written),
        "date_old": german(written - days(40, 160)),
        "date_entry": german(written - days(900, 1_600)),
        "date_deadline": german(written + days(21, 45)),
        "date_until": german(written + days(500, 1_000)),
        "year": str(written.year),
        "year_until": str(written.year + 1),
    }


def _offices(file_number: str, written: date, rng: random.Random) -> dict[str, str]:
    clerk, other = rng.sample(_CLERKS, 2)
    return {
        "file_number": file_number,
        "clerk": clerk,
        "other_clerk": other,
        "room": str(rng.randrange(101, 460)),
        "phone": f"0599 168-{rng.randrange(10_000, 50_000)}",
        "bamf_no": f"{rng.randrange(5_000_000, 8_999_999)}-{rng.choice((163, 423, 475))}",
        "court_no": f"12 A {rng.randrange(100, 9_999)}/{written:%y}",
        "cash_no": f"{rng.randrange(10**4):04d}.{rng.randrange(10**4):04d}.{rng.randrange(10**4):04d}",
        "register_no": f"{rng.randrange(100, 2_500)}/{written.year}",
        "child": rng.choice(_CHILDREN),
        "school_class": f"{rng.randrange(2, 10)}{rng.choice('abc')}",
        "matriculation_no": str(rng.randrange(2_000_000, 3_999_999)),
        "semester": str(rng.randrange(1, 8)),
        "points": str(rng.randrange(17, 34)),
        "insurance_no": f"{rng.choice('ACKMRT')}{rng.randrange(10**8, 10**9)}",
    }


def _papers(person: Person, file_number: str) -> dict[str, str]:
    """What stays the same in all of a person's documents, so it is drawn from the person alone."""
    rng = random.Random(f"{file_number}/{person.name}")
    number = f"{rng.choice('CFGHJK')}{rng.randrange(10**7):07d}"
    issued = _opened(file_number) - timedelta(days=rng.randrange(10, 700))
    expiry = issued + timedelta(days=3_651)
    sex = "F" if person.female else "M"
    names = (person.family, person.given)
    lines = mrz.passport(names, number, f"{person.birth:%y%m%d}", sex, f"{expiry:%y%m%d}")
    return {
        "azr": f"{issued:%y%m%d}{rng.randrange(10**6):06d}",
        "passport_no": number,
        "passport_issued": german(issued),
        "passport_until": german(expiry),
        "employer": rng.choice(_EMPLOYERS),
        "landlord": rng.choice(_LANDLORDS),
        "landlord_street": _street(rng),
        "other_family": rng.choice(_ORIGINS)[4][0],
        "mrz1": lines[0],
        "mrz2": lines[1],
    }


def _money(rng: random.Random) -> dict[str, str]:
    gross = rng.randrange(210_000, 420_000)
    total = gross + 2_659 + 8_436
    taxes = {
        "wage_tax": int(total * 0.118),
        "health": int(total * 0.081),
        "care": int(total * 0.023),
        "pension": int(total * 0.093),
        "unemployment": int(total * 0.013),
    }
    net = total - sum(taxes.values())
    cold, side = rng.randrange(42_000, 98_000, 500), rng.randrange(9_000, 24_000, 500)
    cents = {"gross": gross, "gross_total": total, "net": net, "payout": net - 4_000, **taxes}
    cents |= {
        "rent_cold": cold,
        "rent_side": side,
        "rent_total": cold + side,
        "fee": rng.choice((9_300, 10_000, 11_300)),
    }
    return {
        **{name: euros(value) for name, value in cents.items()},
        "tax_class": rng.choice(("I", "III", "IV", "V")),
        "tax_id": f"{rng.randrange(10**10, 10**11)}",
        "sv_no": f"{rng.randrange(10, 90)} {rng.randrange(10**6):06d} K {rng.randrange(100, 999)}",
        "personnel_no": f"{rng.randrange(10**5):05d}",
        "rooms": str(rng.randrange(2, 6)),
        "area": str(rng.randrange(38, 115)),
    }


def _street(rng: random.Random) -> str:
    return f"{rng.choice(_STREETS)} {rng.randrange(2, 120)}"


def german(day: date) -> str:
    """``03.11.2021``."""
    return f"{day:%d.%m.%Y}"


def euros(cents: int) -> str:
    """``2.850,00``: German grouping and decimal comma."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"
