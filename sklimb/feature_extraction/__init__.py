"""Numbers from words in their surroundings, dates, columns of texts, and images; categories."""

from sklimb.feature_extraction.categories import CategoryChecker, NewCategoryWarning
from sklimb.feature_extraction.dates import DateEncoder
from sklimb.feature_extraction.images import ShrinkImages
from sklimb.feature_extraction.texts import filled_texts
from sklimb.feature_extraction.words import WordWindowVectorizer

__all__ = [
    "CategoryChecker",
    "DateEncoder",
    "NewCategoryWarning",
    "ShrinkImages",
    "WordWindowVectorizer",
    "filled_texts",
]
