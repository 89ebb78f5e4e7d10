"""scikit-learn's MLPClassifier, an epoch at a time, so that the dev set can be evaluated after each.

It knows neither batch normalisation nor dropout, starts from Glorot's uniform weights and has one core's thread.
"""

import numpy as np
from sklearn.neural_network import MLPClassifier

from bench.recipe import Recipe
from trainer.split import Split


def train(split: Split, recipe: Recipe, seed: int) -> float:
    """The dev accuracy of one network after its last epoch. Raises ValueError for what it does not know."""
    if recipe.has_batch_norm or recipe.keep_prob < 1:
        raise ValueError("MLPClassifier has neither batch normalisation nor dropout")
    model = MLPClassifier(
        hidden_layer_sizes=recipe.hidden,
        batch_size=recipe.batch_size,
        learning_rate_init=recipe.learning_rate,
        beta_1=recipe.beta1,
        alpha=recipe.l2,
        random_state=seed,
    )
    accuracy = 0.0
    for _ in range(recipe.epochs):
        model.partial_fit(split.train.x, split.train.y, classes=np.arange(split.n_classes))
        accuracy = float(model.score(split.dev.x, split.dev.y))
    return accuracy
