"""
A threshold by what errors cost
===============================

A fraud that is missed costs as much as fifty false alarms. The threshold that costs least is far
below one half, and depends on probabilities that mean what they say.
"""

# %%
# The data are split in three: to learn from, to choose the threshold by, and to see what it gives.
import numpy as np
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, train_test_split

from sklimb import RebalancedClassifier
from sklimb.inspection import CostCurveDisplay

X, y = make_classification(6000, 10, n_informative=6, weights=[0.95], class_sep=0.7, random_state=0)
y = np.where(y == 1, "fraud", "ok")
X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
X, X_choose, y, y_choose = train_test_split(X, y, stratify=y, random_state=0)
costs = {"fraud": 50, "ok": 1}

# %%
# Precision and recall of the class "fraud", and the mean cost of a sample, over the threshold.
model = RebalancedClassifier(random_state=0).fit(X, y)
chosen = CostCurveDisplay.from_estimator(model, X_choose, y_choose, cost_matrix=costs)

# %%
# The same threshold on samples that had no part in choosing it. scikit-learn's classifier holds it.
fixed = FixedThresholdClassifier(
    FrozenEstimator(model),
    threshold=chosen.chosen,
    pos_label="fraud",
    response_method="predict_proba",
).fit(X, y)
seen = CostCurveDisplay.from_estimator(
    model, X_test, y_test, cost_matrix=costs, threshold=chosen.chosen
)
print({name: round(value, 2) for name, value in seen.at(chosen.chosen).items()})
print("recall at this threshold:", np.mean(fixed.predict(X_test)[y_test == "fraud"] == "fraud"))
