"""From columns to scaled numbers: the first step of every pipeline, by what each column is."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.pipeline import Pipeline, make_pipeline
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from sklimb._compare.data.columns import Columns
from sklimb._compare.data.kinds import columns_of
from sklimb._compare.data.preparing import is_frame, is_text
from sklimb._compare.data.text_columns import MAX_CATEGORIES
from sklimb.feature_extraction import CategoryChecker, DateEncoder, ShrinkImages, filled_texts

_CATEGORIES = ("category", "boolean", "identifier")
# Histogram boosting takes codes below 255.
_MOST_CODES = 250
# Words of all texts that are dense columns. Beside 60 components of all words they were as good or
# better on two of three sets, and a tree can ask for a word.
_MOST_WORDS = 300


def make_preparation(X: Any, columns: Columns | None = None) -> BaseEstimator:
    """Return the unfitted first step of every pipeline, chosen by what the columns are.

    Numbers are centred and scaled, missing ones filled with the median; categories become dummy
    columns, with a missing value as a category of its own; dates become numbers, and whether one
    is missing; texts become weighted counts of words (TF-IDF), a sparse matrix, and so does what
    stands beside them. Everything is learnt inside the folds.

    Parameters
    ----------
    X : frame, ndarray or CSR matrix of shape (n_samples, n_features), array of texts, or images
        As `check_columns` returns it. Of its values only whether some are missing is used.
    columns : Columns or None, default=None
        What the columns of a frame are; None decides it here.

    Returns
    -------
    transformer : estimator
    """
    if is_text(X):
        return _words()
    if np.ndim(X) == 4:
        return ShrinkImages()
    if sparse.issparse(X):
        # Centring would fill the zeros in.
        return MaxAbsScaler()
    if not is_frame(X):
        has_missing = X.dtype.kind == "f" and bool(np.isnan(X).any())
        return _alone(_number_steps(has_missing))
    columns = columns or columns_of(X)
    return _plain_steps(X, columns) or _steps_by_name(columns, _places(X))


def make_native_preparation(X: Any, columns: Columns) -> tuple[BaseEstimator, int] | None:
    """Return the first step for trees that learn from categories as codes and from dense columns.

    Parameters
    ----------
    X : frame of shape (n_samples, n_features)
    columns : Columns

    Returns
    -------
    steps : (transformer, int) or None
        Codes of categories in front, and how many there are; numbers and dates behind, with their
        gaps, and then the weighted counts of the most frequent words of texts. A category that is
        rare among many, or new, is one of its own or missing. None where there are neither
        categories nor texts.
    """
    places = _places(X)
    categories = [places[name] for name in columns.of_kind(*_CATEGORIES)]
    texts = [places[name] for name in columns.of_kind("text")]
    if not categories and not texts:
        return None
    steps: list[tuple[str, BaseEstimator, Any]] = []
    if categories:
        steps.append(("categories", _codes(), categories))
    if numbers := [places[name] for name in columns.of_kind("number")]:
        steps.append(("numbers", StandardScaler(), numbers))  # which keeps gaps
    dates = [(DateEncoder(form), found) for form, found in _by_format(columns, places).items()]
    steps += _numbered("dates", dates)
    if not texts:
        return ColumnTransformer(steps), len(categories)
    steps += _texts(texts, max(1, _MOST_WORDS // len(texts)))
    return ColumnTransformer(steps, sparse_threshold=0.0), len(categories)


def texts_alone(X: Any, columns: Columns | None) -> bool:
    """Return whether there is nothing to learn from but texts."""
    if columns is None:
        return is_text(X)
    return has_text(X, columns) and all(c.kind == "text" for c in columns if not c.left_out)


def has_text(X: Any, columns: Columns | None) -> bool:
    """Return whether samples are texts or have a column of texts, so that they become sparse."""
    return is_text(X) or (columns is not None and bool(columns.of_kind("text")))


def _plain_steps(X: Any, columns: Columns) -> BaseEstimator | None:
    """Return the steps for numbers and categories, None where there is anything else."""
    numbers = X.select_dtypes("number")
    if columns.left_out or columns.of_kind("date", "text"):
        return None
    if columns.of_kind("number") != list(numbers.columns):
        return None
    if numbers.shape[1] == X.shape[1]:
        return _alone(_number_steps(bool(numbers.isna().any(axis=None))))
    steps = [("categories", _categories(), make_column_selector(dtype_exclude="number"))]
    if numbers.shape[1]:
        # New rows may miss numbers that no row misses here, so the imputer is always there.
        select = make_column_selector(dtype_include="number")
        steps.insert(0, ("numbers", _number_steps(True), select))
    return ColumnTransformer(steps)


def _places(X: Any) -> dict[Any, Any]:
    """Return how a step asks for each column: by its name, or its place where names are no text."""
    if all(isinstance(name, str) for name in X.columns):
        return {name: name for name in X.columns}
    return {name: place for place, name in enumerate(X.columns)}


def _steps_by_name(columns: Columns, places: dict[Any, Any]) -> BaseEstimator:
    """Return steps that name their columns; what is named nowhere is left out."""
    steps: list[tuple[str, BaseEstimator, Any]] = []

    def of_kind(*kinds: str) -> list[Any]:
        return [places[name] for name in columns.of_kind(*kinds)]

    if numbers := of_kind("number"):
        steps.append(("numbers", _number_steps(True), numbers))
    if categories := of_kind(*_CATEGORIES):
        steps.append(("categories", _categories(), categories))
    dates = [(_date_steps(form), names) for form, names in _by_format(columns, places).items()]
    steps += _numbered("dates", dates)
    texts = of_kind("text")
    steps += _texts(texts)
    return ColumnTransformer(steps, sparse_threshold=1.0) if texts else ColumnTransformer(steps)


def _texts(places: list[Any], most: int | None = None) -> list[tuple]:
    """Return steps for columns of texts, each of at most so many words."""
    # By the name alone, so that a vectoriser gets one text a row.
    fill = FunctionTransformer(filled_texts)
    return _numbered("text", [(make_pipeline(fill, _words(most)), place) for place in places])


def _by_format(columns: Columns, places: dict[Any, Any]) -> dict[str | None, list[Any]]:
    """Return the columns of dates by how they are written."""
    found: dict[str | None, list[Any]] = {}
    for name in columns.of_kind("date"):
        date = columns[name].date
        found.setdefault(date and date.format, []).append(places[name])
    return found


def _numbered(name: str, steps: list[tuple[BaseEstimator, Any]]) -> list[tuple]:
    if len(steps) == 1:
        return [(name, *steps[0])]
    return [(f"{name}_{i}", *step) for i, step in enumerate(steps, 1)]


def _words(most: int | None = None) -> TfidfVectorizer:
    # A word of one text cannot be learnt from, and its tenth use in a text says less than its
    # first.
    return TfidfVectorizer(min_df=2, sublinear_tf=True, max_features=most)


def _categories() -> BaseEstimator:
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False
    )
    return make_pipeline(CategoryChecker(), one_hot)


def _codes() -> BaseEstimator:
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=_MOST_CODES,
    )
    return make_pipeline(CategoryChecker(), codes)


def _date_steps(form: str | None) -> BaseEstimator:
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(DateEncoder(form), fill, StandardScaler())


def _alone(steps: BaseEstimator) -> BaseEstimator:
    """Return what can be a step of imbalanced-learn's pipeline: no pipeline inside a pipeline."""
    return FeatureUnion([("numbers", steps)]) if isinstance(steps, Pipeline) else steps


def _number_steps(impute: bool) -> BaseEstimator:
    if not impute:
        return StandardScaler()
    # imbalanced-learn's Pipeline does for both levels, so the printed code needs one import less.
    # A column without any value in some fold keeps its place, so that widths agree.
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
