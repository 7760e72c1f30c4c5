"""Names of months and days in other languages of Europe, as those that `strptime` knows."""

from __future__ import annotations

import re
import unicodedata

_ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
_MONTHS = [
    "january januar janner janvier enero gennaio janeiro januari jan janv ene gen",
    "february februar feber fevrier febrero febbraio fevereiro februari feb febr fev fevr",
    "march marz maerz mars marzo marco maart mar mrz mrt",
    "april avril abril aprile apr avr abr",
    "may mai mayo maggio maio mei mag",
    "june juni juin junio giugno junho jun giu",
    "july juli juillet julio luglio julho jul juil lug",
    "august aout agosto augustus aug aou ago",
    "september septembre septiembre settembre setembro setiembre sep sept set",
    "october oktober octobre octubre ottobre outubro oct okt ott out",
    "november novembre noviembre novembro nov",
    "december dezember decembre diciembre dicembre dezembro dec dez dic",
]
_DAYS = {
    "Monday": "montag lundi lunes lunedi maandag",
    "Tuesday": "dienstag mardi martes martedi dinsdag",
    "Wednesday": "mittwoch mercredi miercoles mercoledi woensdag",
    "Thursday": "donnerstag jeudi jueves giovedi donderdag",
    "Friday": "freitag vendredi viernes venerdi vrijdag",
    "Saturday": "samstag sonnabend samedi sabado sabato zaterdag",
    "Sunday": "sonntag dimanche domingo domenica zondag",
}
_WORD = re.compile(r"([^\W\d_]+)(\.?)")
_OF = re.compile(r"\s+(?:de|del)\s+", re.I)
# 1er mars, 1º de enero
_FIRST = re.compile(r"\b1(?:er|º|°)(?=\s)")
_MONTH_OF = {name: month for month, names in zip(_ENGLISH, _MONTHS, strict=True)
             for name in names.split()}  # fmt: skip
_DAY_OF = {name: day for day, names in _DAYS.items() for name in names.split()}


def in_english(text: str) -> str:
    """Return a date with the English name of its day of the week, and three letters of its month.

    Parameters
    ----------
    text : str

    Returns
    -------
    text : str
        Unchanged where it has no such names.

    Examples
    --------
    >>> from sklimb.feature_extraction._months import in_english
    >>> in_english("3. März 2024"), in_english("1er févr. 2024"), in_english("3 de marzo de 2024")
    ('3. Mar 2024', '1 Feb 2024', '3 Mar 2024')
    """
    return _WORD.sub(_translated, _FIRST.sub("1", _OF.sub(" ", text)))


def _translated(found: re.Match) -> str:
    letters = unicodedata.normalize("NFD", found[1].lower())
    word = "".join(letter for letter in letters if not unicodedata.combining(letter))
    if word in _MONTH_OF:
        return _MONTH_OF[word]
    return _DAY_OF.get(word, found[1]) + found[2]
