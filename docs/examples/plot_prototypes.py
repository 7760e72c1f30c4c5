"""
Features and prototypes in the plane
====================================

What the affinity loss does is seen best in two features: every class is drawn to its own prototype,
and has a region around it (Hayat et al. 2019, Figure 2).
"""

# %%
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklimb import AffinityClassifier, RebalancedClassifier
from sklimb.datasets import make_long_tailed
from sklimb.inspection import FeatureSpaceDisplay

digits = load_digits(n_class=5, return_X_y=True)
X, X_test, y, y_test = train_test_split(*digits, test_size=0.5, random_state=0)
X, y = make_long_tailed(X, y, ratio=10, random_state=0)

# %%
# The affinity: samples, prototypes (stars) and the regions that it decides for.
affinity = AffinityClassifier(embedding_dim=2, normalize=False, max_epochs=60, random_state=0).fit(
    X, y
)
FeatureSpaceDisplay.from_estimator(affinity, X_test, y_test)

# %%
# A softmax of the same size: classes lie in petals around the origin, where the rarest is squeezed
# in.
softmax = RebalancedClassifier(
    module__hidden=(128, 2), cross_fit=False, max_epochs=60, random_state=0
).fit(X, y)
FeatureSpaceDisplay.from_estimator(softmax, X_test, y_test)
