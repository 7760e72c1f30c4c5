"""What spellings of one value share."""

from __future__ import annotations

import unicodedata

# Letters of Cyrillic and Greek that look like Latin ones.
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеѕіјорсхуԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTXYaesijopcxydABEZHIKMNOPTYXo"
)


def folded(text: str) -> str:
    r"""Return a text as `visible` does, and in lower case.

    Examples
    --------
    >>> folded(" New\u00a0 York\u200b")
    'new york'
    """
    return visible(text).casefold()


def visible(text: str) -> str:
    """Return a text without what eyes do not see, or see and take for the same.

    That is how an accent is stored, the number and kind of spaces, characters without a width, and
    single letters of Cyrillic and Greek among Latin ones that look like them.
    """
    if not text.isascii():
        plain = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in plain if unicodedata.category(c) != "Cf")
        if any(c.isascii() and c.isalpha() for c in text):
            text = text.translate(_ALIKE)
    return " ".join(text.split())


def plain_text(value: object) -> str:
    """Return a value as it would be written in a file: whole numbers without a point.

    Examples
    --------
    >>> plain_text(3.0), plain_text(True), plain_text(" x ")
    ('3', 'True', 'x')
    """
    if isinstance(value, float) or type(value).__name__.startswith("float"):
        number = float(value)  # type: ignore[arg-type]
        if number.is_integer() and abs(number) < 2**53:
            return str(int(number))
    return str(value).strip()
