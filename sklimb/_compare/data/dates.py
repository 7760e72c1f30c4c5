"""Dates written as text: whether they are such, and in which order day, month and year stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product

import pandas as pd

from sklimb._compare.errors import InputError
from sklimb.feature_extraction._months import in_english
from sklimb.feature_extraction.dates import UNITS, read_dates

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WEEKDAY = r"(?P<weekday>(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)(?P<between>,? )"
_YEAR = r"(?:19|20)\d\d"
_OF_YEAR = r"(?:0?[1-9]|1[0-2])"
# What may be a date, before it is tried: most columns of text are not, and trying costs time.
_LOOKS = re.compile(
    # 2024-03-31, but not the 0000-00-00 of databases, which says that there is none
    r"(?!0000)\d{4}([./-])\d{1,2}\1\d{1,2}(?!\d)([T ,].*)?"
    r"|\d{1,2}([./-])\d{1,2}\3(?!0000)(\d{4}|\d{2})(?!\d)([T ,].*)?"  # 31.03.2024, 3/31/24
    rf"|\d{{1,2}}\.?[ /-]{_MONTH}\.?[ /-]\d{{2,4}}(?!\d)([ ,:].*)?"  # 31 Mar 2024
    rf"|{_MONTH}\.? {{1,2}}\d{{1,2}},? \d{{4}}(?!\d)([ ,].*)?"  # March 31, 2024
    rf"|{_MONTH}\.? {{1,2}}\d{{1,2}} \d\d:\d\d:\d\d .*\d{{4}}"  # Mar 31 13:46:54 UTC 2024
    rf"|{_YEAR}[/-]{_OF_YEAR}|{_OF_YEAR}[/-]{_YEAR}|{_MONTH}\.?[ -](?:{_YEAR}|\d\d)"  # a month
    r"|\d{4}年\d{1,2}月\d{1,2}日.*",
    re.I,
)
# The longest is a day of the week, a month in words and a time with its zone.
_LONGEST_DATE = 60
_NAMED = re.compile(r"\d.*[^\W\d_]{3}|[^\W\d_]{3}.*\d")
# What may stand before and behind a date: its day of the week, and a time zone.
_BEFORE = re.compile(_WEEKDAY, re.I)
_BEHIND = re.compile(
    r":\d\d(?:\.\d+)?(?P<zone> ?(?:(?P<name>UTC|GMT)|(?P<offset>[+-]\d\d:?\d\d|Z)))$"
)
_ISO = "ISO8601"
_MONTHS = [
    *("%Y/%m", "%m/%Y", "%m-%Y"),
    *(f"%{b}{s}%{y}" for y in "Yy" for b in "bB" for s in " -"),
]
_DAYS = [
    *(f"%Y{s}%m{s}%d" for s in "./-"),
    *(f"%m{s}%d{s}%{y}" for y in "Yy" for s in "/-."),
    *(f"%d{s}%m{s}%{y}" for y in "Yy" for s in "/-."),
    *(f"%d{s}%{b}{s}%{y}" for y in "Yy" for b in "bB" for s in " -/"),
    *(f"%d. %{b} %Y" for b in "bB"),
    *(f"%{b} %d{c} %Y" for b in "bB" for c in (",", "")),
    "%Y年%m月%d日",
]
_TIMES = [
    "",
    *(f"{s}{t}" for s in (" ", "T", ", ") for t in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")),
    *(f"{s}{t}" for s in (" ", ", ") for t in ("%I:%M %p", "%I:%M:%S %p")),
]
_FORMATS = [
    *(day + time for day, time in product(_DAYS, _TIMES)),
    *("%b %d %H:%M:%S %Y", "%b %d %H:%M:%S %z %Y", "%b %d %H:%M:%S UTC %Y"),
    "%d/%b/%Y:%H:%M:%S",
    *_MONTHS,
]
_SHAPES = {
    **{part: r"\d{1,2}" for part in ("%d", "%m", "%H", "%M", "%S", "%I", "%y")},
    **{part: r"[^\W\d_]+" for part in ("%b", "%B", "%p")},
    **{"%Y": r"\d{4}", "%f": r"\d+", "%z": r"\S+", " ": r"\s+"},
}
# Whole numbers that are all such dates within these years, with so many different ones, are dates:
# of other numbers of eight digits 1 in 100 is one.
COMPACT = "%Y%m%d"
_COMPACT_YEARS = (1900, 2099)
# Where programs write a day for what has none, it may be this one.
_LAST_DAY = 99991231
_LEAST_COMPACT = 10
# What whole numbers that count the time since 1970 are from 2000 to 2039.
_UNIX = (946_684_800, 2_208_988_800)
_COUNTED = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
# A column that so many values of are dates is one of dates with slips.
_NEARLY = 0.8
_LOOKED_AT = 20


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written.

    Parameters
    ----------
    format : str
        As `sklimb.feature_extraction.DateEncoder` takes it.
    in_doubt : bool
        Whether day and month could as well stand the other way round.
    """

    format: str
    in_doubt: bool = False

    @property
    def day_first(self) -> bool:
        """Whether the day stands before the month."""
        return "%d" in self.format and self.format.index("%d") < _index(self.format)


def _index(format: str) -> int:
    return min(format.index(month) for month in ("%m", "%b", "%B") if month in format)


def looks_like_date(value: str) -> bool:
    """Return whether a text may be a date.

    Examples
    --------
    >>> looks_like_date("31.03.2024"), looks_like_date("1.5"), looks_like_date("7. März 2024")
    (True, False, True)
    """
    value = _bare(value)
    if _LOOKS.fullmatch(_BEFORE.sub("", value)):
        return True
    if len(value) > _LONGEST_DATE or not _NAMED.search(value):
        return False
    return _LOOKS.fullmatch(_BEFORE.sub("", in_english(value))) is not None


def _bare(value: str) -> str:
    """Return a date without brackets around it, as Apache's logs have them."""
    return value[1:-1] if value.startswith("[") and value.endswith("]") else value


def date_format(values: Collection[str], day_first: bool | None = None) -> DateFormat | None:
    """Return the way in which all of some texts are dates, None where there is none.

    Where nothing tells day from month, a point between them says that the day stands first, as it
    does wherever dates are written so.

    Parameters
    ----------
    values : collection of str
        Different ones.
    day_first : bool or None, default=None
        What to take where nothing tells day from month; None takes the month first, and says that
        it is in doubt.

    Returns
    -------
    found : DateFormat or None
    """
    if not values or not all(map(looks_like_date, values)):
        return None
    series = pd.Series(list(values), dtype=object)
    if read_dates(series, _ISO).notna().all():
        return DateFormat(_ISO)
    formats = _formats(series, str(series[0]), english=True)
    formats = formats or _formats(series, in_english(str(series[0])), english=False)
    if not formats:
        return None
    found = [DateFormat(f) for f in formats]
    orders = {f.day_first: f for f in reversed(found)}
    if len(orders) == 1:
        return found[0]
    if "." in formats[0][:6] or day_first:
        return orders[True]
    return DateFormat(orders[False].format, in_doubt=day_first is None)


def _formats(series: pd.Series, first: str, english: bool) -> list[str]:
    """Return all formats in which texts, the first of which may be translated, are dates."""
    before, first, behind = _parts(first)
    # Nearly all formats fail at the first value.
    formats = [before + f + behind for f in _FORMATS if _fits(first, f)]
    return [f for f in formats if read_dates(series, f, english).notna().all()]


def _parts(value: str) -> tuple[str, str, str]:
    """Return the formats of a day of the week before a date and of a zone behind it, and the rest.

    Examples
    --------
    >>> _parts("Tue, 18 Apr 2023 13:46:54 +0000")
    ('%a, ', '18 Apr 2023 13:46:54', ' %z')
    """
    if value != _bare(value):
        before, bare, behind = _parts(_bare(value))
        return f"[{before}", bare, f"{behind}]"
    day, zone = _BEFORE.match(value), _BEHIND.search(value)
    before = f"%{'a' if len(day['weekday']) == 3 else 'A'}{day['between']}" if day else ""
    behind = zone["zone"] if zone else ""
    if zone and zone["offset"]:
        behind = behind.replace(zone["offset"], "%z")
    end = zone.start("zone") if zone else None
    return before, value[day.end() if day else 0 : end], behind


def _fits(value: str, format: str) -> bool:
    if not _shape(format).fullmatch(value):  # much faster, as `strptime` keeps few formats
        return False
    try:
        datetime.strptime(value, format)
    except ValueError:
        return False
    return True


@cache
def _shape(format: str) -> re.Pattern:
    """Return an expression that all dates in a format match, and some other texts."""
    parts = re.split(r"(%[a-zA-Z]| )", format)
    return re.compile("".join(_SHAPES.get(part) or re.escape(part) for part in parts))


def are_compact_dates(numbers: pd.Series) -> bool:
    """Return whether numbers are all dates written as 20240331.

    Parameters
    ----------
    numbers : Series
        Whole numbers, or floats with missing values among them.

    Returns
    -------
    answer : bool

    Examples
    --------
    >>> are_compact_dates(pd.Series(range(20240310, 20240325)))
    True
    >>> are_compact_dates(pd.Series(range(20240325, 20240340)))
    False
    """
    different = pd.Series(numbers.dropna().unique())
    if different.dtype.kind not in "iuf" or len(different) < _LEAST_COMPACT:
        return False
    if different.dtype.kind == "f":  # which of 16 bits cannot be compared with such numbers
        different = different.astype(float)
    first, last = (10_000 * year for year in _COMPACT_YEARS)
    different = different[different != _LAST_DAY]
    if not (different.between(first, last + 1231) & (different % 1 == 0)).all():
        return False
    return bool(read_dates(different, COMPACT).notna().all())


def unix_notes(name: object, numbers: pd.Series) -> list[str]:
    """Say that whole numbers may count the time since 1970.

    Parameters
    ----------
    name : object
    numbers : Series

    Returns
    -------
    notes : list of str
        One where all are moments of the years 2000 to 2039 in one unit, and many differ.

    Examples
    --------
    >>> unix_notes("at", pd.Series(range(1_700_000_000, 1_700_900_000, 90_000)))[0][:68]
    'column at holds whole numbers that are moments from 2023-11-14 to 20'
    """
    different = numbers.dropna().unique()
    if numbers.dtype.kind not in "iuf" or len(different) < _LEAST_COMPACT:
        return []
    least, largest = float(different.min()), float(different.max())
    for unit, per_second in zip(UNITS, (1, 1e3, 1e6, 1e9), strict=True):
        if _UNIX[0] * per_second <= least and largest < _UNIX[1] * per_second:
            if (different % 1 != 0).any():
                return []
            first, last = (pd.Timestamp(value / per_second, unit="s") for value in (least, largest))
            return [
                f"column {name} holds whole numbers that are moments from {first:%Y-%m-%d} to "
                f"{last:%Y-%m-%d} if they count the {_COUNTED[unit]} since 1970: if so, say --date "
                f"{name}={unit}, and it is learnt from as dates"
            ]
    return []


def most_are_dates(values: Collection[str]) -> list[str]:
    """Return the values that are no dates, where most others are; else an empty list."""
    strange = [value for value in values if not looks_like_date(value)]
    if not strange:  # then some is none, as 31.02.2024
        strange = _unread(list(values))
    n_dates = len(values) - len(strange)
    return strange if n_dates >= max(2, _NEARLY * len(values)) else []


def _unread(values: list[str]) -> list[str]:
    """Return the values that are no dates in the way that most are."""
    series = pd.Series(values, dtype=object)
    forms = {found.format for value in values[:_LOOKED_AT] if (found := date_format([value]))}
    gaps = [read_dates(series, form).isna() for form in sorted(forms)]
    return list(series[min(gaps, key=lambda gap: gap.sum())]) if gaps else values


def check_format(name: object, format: str, values: pd.Series) -> None:
    """Refuse a format of the user's under which less than half of a column are dates.

    Raises
    ------
    InputError
        If so, or if it is no format.
    """
    present = values.dropna()
    try:
        bad = read_dates(present, format).isna().to_numpy()
    except (ValueError, TypeError) as error:
        raise InputError(f"{format!r} is no format of dates: {error}") from None
    if len(present) and bad.mean() > 0.5:
        example = present[bad].iloc[0]
        hint = f"or one of {', '.join(UNITS)}" if format not in UNITS else "or %d.%m.%Y"
        raise InputError(
            f"column {name!r} is not written as {format!r} in {bad.sum():,} of {len(present):,} "
            f"rows, such as {example!r}: give a format of pandas.to_datetime ({hint})"
        )


def written_dates(dates: pd.Series, format: str) -> pd.Series:
    """Return dates as text in a format, None where one is missing.

    Parameters
    ----------
    dates : Series of datetime64
    format : str

    Returns
    -------
    texts : Series of str
    """
    if format == _ISO:
        only_days = (dates.dropna().dt.normalize() == dates.dropna()).all()
        format = "%Y-%m-%d" if only_days else "%Y-%m-%dT%H:%M:%S"
    # They are moments in UTC by now.
    format = format.replace("%z", "+0000")
    texts = dates.dt.strftime(format).astype(object)
    return texts.where(dates.notna(), None)


def order_of(formats: Iterable[DateFormat]) -> bool | None:
    """Return whether days stand before months in all columns that tell, None where none does."""
    formats = [f for f in formats if "%d" in f.format and "%m" in f.format]
    orders = {f.day_first for f in formats if not f.in_doubt}
    orders -= {f.day_first for f in formats if f.format.startswith("%Y")}
    return orders.pop() if len(orders) == 1 else None
