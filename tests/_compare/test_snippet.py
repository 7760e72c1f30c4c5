from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from imblearn.pipeline import Pipeline as ImblearnPipeline
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklimb import RebalancedClassifier
from sklimb._compare.snippet import construction, joined, public_module, quoted
from sklimb.over_sampling import SmallClassSMOTE


def _made(estimator):
    space = {}
    exec(construction(estimator), space)
    return space["model"]


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(C=0.1, class_weight={"a": 1.0, 2: np.float64(0.5)}),
        RebalancedClassifier(lr=0.01, module__hidden=(64,), optimizer=torch.optim.SGD),
        RebalancedClassifier(lr_milestones=(0.5, 0.9), random_state=np.int64(3)),
        ImblearnPipeline([("s", SmallClassSMOTE(k_neighbors=2)), ("c", LogisticRegression())]),
        SimpleImputer(missing_values=float("nan"), strategy="constant", fill_value=float("inf")),
        SelectKBest(f_classif, k=3),
        StandardScaler(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_the_code_makes_an_equal_estimator(estimator):
    made = _made(estimator)
    assert type(made) is type(estimator)
    plain = re.sub(r"np\.\w+\(([^()]*)\)", r"\1", repr(estimator.get_params()))
    assert repr(made.get_params()) == plain


def test_two_classes_of_one_name_are_told_apart():
    inner = Pipeline([("scale", StandardScaler())])
    outer = ImblearnPipeline([("prepare", inner), ("classify", LogisticRegression())])
    made = _made(outer)
    assert type(made) is ImblearnPipeline
    assert type(made["prepare"]) is Pipeline
    assert "from sklearn.pipeline import Pipeline as sklearn_Pipeline" in construction(outer)


def test_column_selectors_are_written_though_they_are_no_estimators():
    select = make_column_selector(dtype_include="number")
    made = _made(ColumnTransformer([("numbers", StandardScaler(), select)]))
    copy = made.transformers[0][2]
    assert vars(copy) == vars(select)


def test_lines_are_short_and_what_is_default_is_left_out():
    steps = [("encode", OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50))]
    steps += [("classify", LogisticRegression(class_weight="balanced", max_iter=1000, C=0.01))]
    code = construction(ImblearnPipeline(steps))
    assert max(map(len, code.splitlines())) <= 88
    assert "tol" not in code
    assert "'" not in code


def test_names_come_from_where_users_import_them():
    assert public_module(StandardScaler) == "sklearn.preprocessing"
    assert public_module(RebalancedClassifier) == "sklimb"
    assert public_module(SmallClassSMOTE) == "sklimb.over_sampling"
    assert public_module(torch.optim.AdamW) == "torch.optim"


def test_imports_of_all_pieces_come_first():
    code = joined("from b import c\nimport a\n\nx = 1\n", "import a\nfrom a import d\n\ny = 2")
    assert code == "import a\nfrom a import d\nfrom b import c\n\nx = 1\n\ny = 2"


def test_quotes():
    assert quoted("a b") == '"a b"'
    for text in ['say "no"', "it's", "back\\slash", "new\nline", "both ' and \""]:
        assert eval(quoted(text)) == text


class Foreign:
    """An estimator that does not inherit from scikit-learn's and keeps what it is given, as
    CatBoost's do.
    """

    def __init__(self, depth=None, rate=None, **more):
        self._given = {name: v for name, v in {"depth": depth, "rate": rate, **more}.items()}

    def get_params(self, deep=True):
        return dict(self._given)


def test_foreign_estimators_are_asked_for_their_parameters():
    code = construction(Foreign(rate=0.1, seed=3, gamma=None))
    assert code.endswith("model = Foreign(rate=0.1, seed=3)")
