"""
Offsets and class sizes
=======================

Half the inner product of a class's mean features with its weights is the empirical offset. In a
plain network it falls with the size of the class, and pulls decisions towards the large ones; the
de-biased network has offsets that do not (Kim, Hong & Kim 2021, Figures 1 and 3).
"""

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from sklimb import OffsetDebiasedClassifier, RebalancedClassifier
from sklimb.datasets import make_long_tailed
from sklimb.inspection import OffsetDisplay, TrainingCurvesDisplay

X, y = make_long_tailed(*load_digits(return_X_y=True), ratio=50, random_state=0)
plain = RebalancedClassifier(cross_fit=False, random_state=0).fit(X, y)
debiased = OffsetDebiasedClassifier(cross_fit=False, random_state=0).fit(X, y)

# %%
# Both on one scale: bars are the class sizes.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
OffsetDisplay.from_estimator(plain, X, y, ax=left)
OffsetDisplay.from_estimator(debiased, ax=right)
left.set_title("plain network")
right.set_title("OffsetDebiasedClassifier")

# %%
# The terms of its loss over the training.
TrainingCurvesDisplay.from_estimator(debiased)
