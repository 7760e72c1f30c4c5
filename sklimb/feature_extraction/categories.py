"""Categories that are not those that were learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklimb._warnings import warn
from sklimb.feature_extraction._spelling import folded, plain_text
from sklimb.feature_extraction.dates import as_frame, check_names, note_names

# From this share of new values on a column is not what it was. Where many values come once in
# `fit`, so many more than these may be new.
_MOSTLY = 0.5
_MORE_NEW = 0.3
# In fewer rows a new value or two are most of them by chance.
_LEAST_ROWS = 10
_SHOWN = 3


class NewCategoryWarning(UserWarning):
    """Categories are written otherwise than in `fit`, or mostly new.

    See Also
    --------
    CategoryChecker : Warns so.

    Examples
    --------
    Where such rows should rather be refused than predicted:

    >>> import warnings
    >>> import pandas as pd
    >>> from sklimb.feature_extraction import CategoryChecker, NewCategoryWarning
    >>> checker = CategoryChecker().fit(pd.DataFrame({"channel": ["web", "shop"]}))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", NewCategoryWarning)
    ...     try:
    ...         checker.transform(pd.DataFrame({"channel": ["WEB"]}))
    ...     except NewCategoryWarning as warning:
    ...         print(str(warning)[:56])
    Column channel: 1 of 1 value is written otherwise than i
    """


class CategoryChecker(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Columns of categories as they are, with a warning where they are not those in `fit`.

    Encoders such as ``OneHotEncoder(handle_unknown="ignore")`` take a new category without a word,
    which is right for one that is new, and not for ``WEB`` where ``web`` was learnt. This goes in
    front of them.

    Attributes
    ----------
    categories_ : list of ndarray
        The different values of each column in `fit`, without missing ones.
    alone_share_ : ndarray of float, shape (n_columns,)
        Of the values of each column in `fit`, how many come once: about as many new ones are to be
        expected. `transform` warns where it meets many more.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Names of the columns, if X was a frame whose names are all strings.

    See Also
    --------
    DateEncoder : Does this for dates.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> from sklimb.feature_extraction import CategoryChecker
    >>> sales = pd.DataFrame({"channel": ["web", "shop", "web"]})
    >>> encode = make_pipeline(CategoryChecker(), OneHotEncoder(handle_unknown="ignore"))
    >>> encode.fit_transform(sales).shape
    (3, 2)
    >>> encode[0].categories_
    [array(['web', 'shop'], dtype=object)]
    """

    def fit(self, X: Any, y: Any = None) -> CategoryChecker:
        """Note the categories of each column.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            Values of any types.
        y : object
            Not looked at.

        Returns
        -------
        self : CategoryChecker
            Fitted.
        """
        frame = as_frame(X)
        self.n_features_in_ = frame.shape[1]
        note_names(self, X)
        self.categories_, alone = [], []
        for _, column in frame.items():
            counts = column.astype(object).value_counts(sort=False)
            self.categories_.append(counts.index.to_numpy(dtype=object))
            alone.append(float((counts == 1).sum() / max(counts.sum(), 1)))
        self.alone_share_ = np.array(alone)
        return self

    def transform(self, X: Any) -> Any:
        """Return the columns as they are.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_columns)
            Columns as in `fit`.

        Returns
        -------
        X : frame or array-like of shape (n_samples, n_columns)
            The same object.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`, or a frame's have other names, or are
            in another order.

        Warns
        -----
        NewCategoryWarning
            If values that `fit` had not are, but for case, spaces or type, values that it had; or
            if most values of ten or more are new, and more than `alone_share_` lets one expect.
        """
        check_is_fitted(self)
        columns = _columns(X)
        if len(columns) != self.n_features_in_:
            raise ValueError(
                f"X has {len(columns)} features, but CategoryChecker is expecting "
                f"{self.n_features_in_} features as input."
            )
        check_names(self, X)
        names = getattr(self, "feature_names_in_", range(self.n_features_in_))
        for place, (values, categories) in enumerate(zip(columns, self.categories_, strict=True)):
            known = set(categories)
            new = [v for v in pd.unique(values) if v not in known and not pd.isna(v)]
            if new:
                self._warn(names[place], values, new, categories, self.alone_share_[place])
        return X

    def _warn(
        self, name: Any, values: np.ndarray, new: list, categories: np.ndarray, alone: float
    ) -> None:
        """Warn of new values where they are other spellings of known ones, or mostly new."""
        column = pd.Series(values).dropna()
        counts = column.value_counts()
        spelt = _spelt_otherwise(new, categories)
        if spelt:
            n_spelt = int(sum(counts[value] for value in spelt))
            shown = _shown([f"{value!r} for {same!r}" for value, same in spelt.items()])
            are = "value is" if n_spelt == 1 else "values are"
            warn(
                f"Column {name}: {n_spelt:,} of {len(column):,} {are} written otherwise than in "
                f"fit ({shown}) and taken for new. Write them as those that were learnt from.",
                NewCategoryWarning,
            )
        others = [value for value in new if value not in spelt]
        n_new = int(sum(counts[value] for value in others))
        if len(column) < _LEAST_ROWS or n_new <= max(_MOSTLY, alone + _MORE_NEW) * len(column):
            return
        here, there = (_shown(list(map(repr, values))) for values in (others, categories))
        warn(
            f"Column {name}: {n_new:,} of {len(column):,} values do not occur in fit (there are "
            f"{here}, and in fit {there}). Check that it is the column that was learnt from, "
            "written in the same way, or fit to such values too.",
            NewCategoryWarning,
        )


def _columns(X: Any) -> list[np.ndarray]:
    """Return the columns as arrays of objects, without a frame between: one row has to be cheap."""
    if hasattr(X, "iloc"):
        return [X.iloc[:, place].to_numpy(dtype=object) for place in range(X.shape[1])]
    return list(as_frame(X).to_numpy(dtype=object).T)


def _shown(texts: list[str]) -> str:
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _spelt_otherwise(new: list, categories: np.ndarray) -> dict[Any, Any]:
    """Return which new values are known ones but for case, spaces or type, and which ones."""
    spellings: dict[str, list] = {}
    for value in categories:
        spellings.setdefault(folded(plain_text(value)), []).append(value)
    alone = {key: found[0] for key, found in spellings.items() if len(found) == 1}
    if 2 * len(alone) < len(spellings):
        return {}  # where `fit` tells such spellings apart, another one may be new
    keys = {value: folded(plain_text(value)) for value in new}
    return {value: alone[key] for value, key in keys.items() if key in alone}
