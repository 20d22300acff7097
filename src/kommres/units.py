"""Units of measure: exact, strict, extensible.

A unit is a product of named atoms with integer exponents (``RUB/m3`` is RUB^1 m3^-1). Two units are the same when
their atoms are the
same; nothing is converted silently except ``%`` (1/100 of a number). :func:`conversion` gives the exact factor
between units
of one dimension (1 Gcal = 4.1868 GJ, 1 Gcal = 1163 kWh) for an explicit ``x as kWh``. Day and month have dimensions
of their own: they
meet only through a named period. A temperature (``degC``) is a point, a temperature difference (``deltaC``) is not.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field, frozen

from kommres.errors import RulesError

if TYPE_CHECKING:
    from collections.abc import Mapping

Dimension: TypeAlias = tuple[tuple[str, int], ...]


class UnitError(RulesError):
    """A unit text that cannot be read, or a conversion between different dimensions."""

    def __init__(self, message: str, *, word: str = "") -> None:
        super().__init__(message, code="K0301")
        self.message = message
        self.word = word


@frozen
class Atom:
    """A named unit: ``factor`` x the coherent unit of its dimension (exponents by base name)."""

    name: str
    factor: Fraction
    dimension: Dimension


@frozen
class Unit:
    """A product of atoms; ``powers`` is sorted by name and holds no zero."""

    powers: tuple[tuple[str, int], ...] = ()

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.powers)
        for name, power in other.powers:
            powers[name] = powers.get(name, 0) + power
        return Unit(tuple(sorted((n, p) for n, p in powers.items() if p)))

    def inverse(self) -> Unit:
        """Return one over the unit."""
        return Unit(tuple((n, -p) for n, p in self.powers))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other.inverse()

    @property
    def is_number(self) -> bool:
        """Whether it is a plain number."""
        return not self.powers

    def without(self, name: str) -> tuple[Unit, int]:
        """Return the unit without an atom, and the exponent that it had."""
        return Unit(tuple((n, p) for n, p in self.powers if n != name)), dict(self.powers).get(name, 0)

    def __str__(self) -> str:
        if not self.powers:
            return "number"
        above = [n + (f"^{p}" if p > 1 else "") for n, p in self.powers if p > 0]
        below = [n + (f"^{-p}" if p < -1 else "") for n, p in self.powers if p < 0]
        return "/".join(["*".join(above) or "1", *below])


NUMBER = Unit()
PERCENT = Unit((("%", 1),))

#: Currencies by their ISO 4217 letters. Each measures only itself; a module declares others with ``unit``.
CURRENCIES = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "ANG",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BHD",
        "BIF",
        "BMD",
        "BND",
        "BOB",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DJF",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GNF",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KGS",
        "KHR",
        "KMF",
        "KPW",
        "KRW",
        "KWD",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "LYD",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "RWF",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TND",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "UYU",
        "UZS",
        "VES",
        "VND",
        "VUV",
        "WST",
        "XAF",
        "XCD",
        "XOF",
        "XPF",
        "YER",
        "ZAR",
        "ZMW",
        "ZWL",
    ]
)

#: name -> (factor, unit text of others); an empty text is a base unit of its own dimension.
_STANDARD: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("m", "kg", "s", "deltaC", "degC", "A", "person", "day", "month"), ("1", "")),
    **dict.fromkeys(CURRENCIES, ("1", "")),
    "km": ("1000", "m"),
    "cm": ("1/100", "m"),
    "mm": ("1/1000", "m"),
    "m2": ("1", "m*m"),
    "m3": ("1", "m*m*m"),
    "l": ("1/1000", "m^3"),
    "t": ("1000", "kg"),
    "min": ("60", "s"),
    "h": ("3600", "s"),
    "year": ("12", "month"),
    "J": ("1", "kg*m^2/s^2"),
    "kJ": ("1000", "J"),
    "MJ": ("1000000", "J"),
    "GJ": ("1000000000", "J"),
    "kWh": ("3600000", "J"),
    "MWh": ("3600000000", "J"),
    "kvarh": ("1", ""),
    "Gcal": ("4186800000", "J"),
    "Mcal": ("4186800", "J"),
    "kcal": ("4186.8", "J"),
    "W": ("1", "J/s"),
    "kW": ("1000", "W"),
    "MW": ("1000000", "W"),
    "kvar": ("1", ""),
    "kVA": ("1", ""),
    "Pa": ("1", "kg/m/s^2"),
    "kPa": ("1000", "Pa"),
    "MPa": ("1000000", "Pa"),
    "bar": ("100000", "Pa"),
    "V": ("1", "W/A"),
    "Hz": ("1", "1/s"),
    "%": ("1/100", "1"),
}

#: other spellings of the same unit
ALIASES: dict[str, str] = {
    "м": "m",
    "м2": "m2",
    "м²": "m2",
    "m²": "m2",
    "м3": "m3",
    "м³": "m3",
    "m³": "m3",
    "л": "l",
    "кг": "kg",
    "т": "t",
    "с": "s",
    "мин": "min",
    "ч": "h",
    "час": "h",
    "hour": "h",
    "hours": "h",
    "сут": "day",
    "день": "day",
    "дня": "day",
    "дней": "day",
    "days": "day",
    "мес": "month",
    "месяц": "month",
    "months": "month",
    "год": "year",
    "чел": "person",
    "persons": "person",
    "people": "person",
    "кВт": "kW",
    "кВт·ч": "kWh",
    "кВтч": "kWh",
    "МВт": "MW",
    "МВт·ч": "MWh",
    "МВтч": "MWh",
    "квар": "kvar",
    "кварч": "kvarh",
    "Гкал": "Gcal",
    "ГДж": "GJ",
    "кДж": "kJ",
    "МДж": "MJ",
    "МПа": "MPa",
    "кПа": "kPa",
    "°C": "degC",
    "градC": "degC",
    "дельтаC": "deltaC",
    "В": "V",
    "Вт": "W",
    "Гц": "Hz",
}

_WORD = re.compile(r"([^\W\d][\w·²³]*|%|°C|1)(?:\^(\d))?")


@define
class Units:
    """A table of atoms. :meth:`standard` is the shipped one; modules add their own with :meth:`declare`."""

    atoms: dict[str, Atom] = field(factory=dict)
    aliases: dict[str, str] = field(factory=lambda: dict(ALIASES))

    @classmethod
    def standard(cls) -> Units:
        """Return a new table with the shipped units."""
        return cls(dict(_standard_atoms()))

    def declare(self, name: str, factor: Fraction | None = None, of: Unit | None = None) -> Atom:
        """Add a unit: a new base, or ``factor`` x ``of`` (1 x one unit: another spelling of it).

        The same declaration twice is allowed; another one is not.
        """
        if factor == 1 and of is not None and len(of.powers) == 1 and of.powers[0][1] == 1:
            target = of.powers[0][0]
            if name in self.atoms or self.aliases.setdefault(name, target) != target:
                raise UnitError(f"the unit {name} is already declared with another meaning", word=name)
            return self.atoms[target]
        if of is None or factor is None:
            atom = Atom(name, Fraction(1), ((name, 1),))
        else:
            scale, dimension = self.magnitude(of)
            atom = Atom(name, scale * factor, dimension)
        if self.atoms.setdefault(name, atom) != atom:
            raise UnitError(f"the unit {name} is already declared with another meaning", word=name)
        return atom

    def parse(self, text: str) -> Unit:
        """Read ``RUB/m3``, ``m3/person/month``, ``1/day``, ``kg*m^2``; each ``/`` divides by the one word after
        it.
        """
        if text in {"number", "1", ""}:
            return NUMBER
        unit, sign = NUMBER, 1
        for piece in re.split(r"([*/])", text):
            if piece in {"*", "/"}:
                sign = 1 if piece == "*" else -1
                continue
            match = _WORD.fullmatch(piece)
            if match is None:
                raise UnitError(f"{text!r} is not a unit: {piece!r} cannot be read", word=piece)
            name, power = self.aliases.get(match[1], match[1]), int(match[2] or 1)
            if name == "1":
                continue
            if name not in self.atoms:
                raise UnitError(f"unknown unit {piece!r}", word=piece)
            unit = unit * Unit(((name, sign * power),))
        return unit

    def magnitude(self, unit: Unit) -> tuple[Fraction, Dimension]:
        """The factor to coherent units and the dimension."""
        factor, powers = Fraction(1), dict[str, int]()
        for name, power in unit.powers:
            atom = self.atoms[name]
            factor *= atom.factor**power
            for base, exponent in atom.dimension:
                powers[base] = powers.get(base, 0) + exponent * power
        return factor, tuple(sorted((b, e) for b, e in powers.items() if e))

    def conversion(self, source: Unit, target: Unit) -> Fraction:
        """The exact factor with which a value in ``source`` becomes a value in ``target``.

        Raises :class:`UnitError` where the dimensions differ.
        """
        have, dimension = self.magnitude(source)
        want, target_dimension = self.magnitude(target)
        if dimension != target_dimension:
            raise UnitError(f"{source} cannot be converted to {target}: they measure different things")
        return have / want

    def convertible(self, source: Unit, target: Unit) -> bool:
        """Whether both measure the same thing."""
        return self.magnitude(source)[1] == self.magnitude(target)[1]


@lru_cache(maxsize=1)
def _standard_atoms() -> Mapping[str, Atom]:
    units = Units()
    for name, (factor, of) in _STANDARD.items():
        units.declare(name, Fraction(factor), units.parse(of)) if of else units.declare(name)
    return units.atoms
