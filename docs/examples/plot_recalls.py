"""
Which classes are found
=======================

Accuracy counts samples, and so the large classes. The recall of each class, over its size, shows
what a method does with the small ones; false positives, summed from the largest class on, show
where the errors went.
"""

# %%
# Scikit-learn's digits are made long-tailed, 50 : 1; the classes of the test part are about equal.
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.datasets import class_counts, make_long_tailed
from sklimb.inspection import (
    ClasswiseRecallDisplay,
    ConfusionDisplay,
    CumulativeFalsePositiveDisplay,
)

digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(*digits, test_size=0.5, random_state=0)
X, y = make_long_tailed(X, y, ratio=50, random_state=0)

# %%
# A forest, a plain network, and one whose offset cannot favour the frequent classes. Dashed lines
# are balanced accuracies, dotted ones geometric means of the recalls.
models = {
    "random forest": RandomForestClassifier(random_state=0),
    "plain network": RebalancedClassifier(cross_fit=False, random_state=0),
    "offset, de-biased": OffsetDebiasedClassifier(cross_fit=False, random_state=0),
}
models = {name: model.fit(X, y) for name, model in models.items()}
recalls = ClasswiseRecallDisplay.from_estimator(models, X_test, y_test)

# %%
# A curve that follows its dotted line has errors in all classes alike. One that rises on the left
# calls rare samples frequent.
CumulativeFalsePositiveDisplay.from_estimator(models, X_test, y_test, class_counts=class_counts(y))

# %%
# Which class is taken for which: below the diagonal are samples that were called a larger class.
ConfusionDisplay.from_estimator(models["plain network"], X_test, y_test)
