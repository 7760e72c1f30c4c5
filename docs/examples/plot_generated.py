"""
When rare samples are generated
===============================

Late in the training new rare samples are made inside the network (Wang et al. 2021). The curves are
the losses by term: that of the classes, that by which the generator learns its centres, and that of
the samples that it makes. The line is where these begin.
"""

# %%
from sklearn.datasets import load_digits

from sklimb import RSGClassifier
from sklimb.datasets import make_long_tailed
from sklimb.inspection import TrainingCurvesDisplay

X, y = make_long_tailed(*load_digits(return_X_y=True), ratio=50, random_state=0)
model = RSGClassifier(cross_fit=False, random_state=0).fit(X, y)
display = TrainingCurvesDisplay.from_estimator(model)

# %%
# The first epoch with generated samples, of all:
print(display.starts, len(display.history))
