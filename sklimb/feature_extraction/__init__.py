"""Numbers from words in their surroundings, from dates, and from columns of texts."""

from sklimb.feature_extraction.dates import DateEncoder
from sklimb.feature_extraction.texts import filled_texts
from sklimb.feature_extraction.words import WordWindowVectorizer

__all__ = ["DateEncoder", "WordWindowVectorizer", "filled_texts"]
