"""
Frequent digits translated into rare ones
=========================================

M2m changes samples of frequent classes until a second network takes them for a rare class (Kim,
Jeong & Shin 2020, Figure 6). How much has to change says how far apart the classes are to that
network.
"""

# %%
from sklearn.datasets import load_digits

from sklimb import M2mClassifier
from sklimb.datasets import make_long_tailed
from sklimb.inspection import TrainingCurvesDisplay, TranslationDisplay

images, labels = load_digits(return_X_y=True)
X, y = make_long_tailed(images.reshape(-1, 1, 8, 8), labels, ratio=20, random_state=0)
model = M2mClassifier(
    max_epochs=20, unit="spread", step_size=1.0, keep_training_state=True, random_state=0
).fit(X, y)

# %%
# Seeds on the left, what has changed in the middle (red is more, blue is less), and what the
# network learns from as a sample of the rare class.
TranslationDisplay.from_estimator(model, X, y)

# %%
# Translation begins with the last fifth of the training, where batches become balanced too.
TrainingCurvesDisplay.from_estimator(model)
