"""How good predictions are, for K networks at once, from what they say of N examples.

Notation: K networks, N examples, C classes. confusion (K, C, C) counts examples of class row, predicted as column;
scores (K, N, C) are probabilities; y (N,) the true classes, or numbers. Every metric is (K,) in float64.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Array, Labels

Counts = NDArray[np.int64]


def confusion(predicted: Labels, y: Labels, *, n_classes: int) -> Counts:
    """(K, C, C), from predicted classes (K, N)."""
    n_networks = len(predicted)
    cells = (np.arange(n_networks)[:, np.newaxis] * n_classes + y) * n_classes + predicted
    counts = np.bincount(cells.ravel(), minlength=n_networks * n_classes**2)
    return counts.reshape(n_networks, n_classes, n_classes)


def by_class(counts: Counts) -> Mapping[str, Array]:
    """Accuracy = hits / N; error = 1 - accuracy; balanced accuracy = the mean recall of the classes that occur;
    F1 = 2 hits / (predicted + true): that of the second class where there are two, else the mean over the classes that
    occur or are predicted.
    """
    hits = np.diagonal(counts, axis1=1, axis2=2)
    true, predicted = counts.sum(axis=2), counts.sum(axis=1)
    accuracy = hits.sum(axis=1) / true.sum(axis=1)
    occurs, counted = true > 0, true + predicted > 0
    recall = np.where(occurs, hits / np.where(occurs, true, 1), 0)
    f1 = np.where(counted, 2 * hits / np.where(counted, true + predicted, 1), 0)
    return {
        "accuracy": accuracy,
        "error": 1 - accuracy,
        "f1": f1[:, 1] if counts.shape[1] == 2 else f1.sum(axis=1) / counted.sum(axis=1),
        "balanced_accuracy": recall.sum(axis=1) / occurs.sum(axis=1),
    }


def auc(scores: Array, y: Labels) -> Array:
    """The area under the ROC curve: how often an example of a class gets a higher score for it than another one.

    That of the second class where there are two, else the mean over the classes that some examples have and some do
    not. NaN where there is none. Ties count half.
    """
    n_classes = scores.shape[2]
    classes = np.array([1]) if n_classes == 2 else np.arange(n_classes)
    is_true = classes[:, np.newaxis] == y
    split = is_true.any(axis=1) & ~is_true.all(axis=1)
    if not split.any():
        return np.full(len(scores), np.nan)
    rows = scores.transpose(0, 2, 1)[:, classes[split]]
    areas: Array = _areas(np.ascontiguousarray(rows, dtype=np.float32), is_true[split]).mean(axis=1)
    return areas


def _areas(scores: Array, is_true: NDArray[np.bool_]) -> Array:
    """Mann and Whitney's U / (positives * negatives), (K, C'), for scores (K, C', N) >= 0 and is_true (C', N).

    The bits of floats >= 0 are ordered as they are; with one more bit for the truth, one sort of integers says all.
    """
    keys = scores.view(np.uint32) << 1
    keys |= is_true
    keys.sort(axis=2)
    n_true, n = is_true.sum(axis=1), is_true.shape[1]
    truth = (keys & 1).astype(np.float64)
    # The truths in order: each beats the others that stand before it. Of a tie it beats all, of which half is too much.
    above = truth @ np.arange(n, dtype=np.float64) - n_true * (n_true - 1) / 2
    is_tied = ((keys[:, :, 1:] ^ keys[:, :, :-1]) == 1).any(axis=2)
    for k, c in zip(*np.nonzero(is_tied), strict=True):
        above[k, c] -= _pairs_tied(keys[k, c]) / 2
    areas: Array = above / (n_true * (n - n_true))
    return areas


def _pairs_tied(keys: NDArray[np.uint32]) -> int:
    """How many pairs of a true and another example have one score."""
    _, group = np.unique(keys >> 1, return_inverse=True)
    true, every = np.bincount(group, weights=keys & 1), np.bincount(group)
    return int((true * (every - true)).sum())


def of_numbers(predicted: Array, y: Array) -> Mapping[str, Array]:
    """Mean squared error, mean absolute error, and R2 = 1 - mse / variance of y: 0 is what always saying the mean gets.

    Shapes: predicted (K, N), y (N,). R2 is NaN where all y are equal.
    """
    difference = predicted.astype(np.float64) - y
    mse, mae = (difference**2).mean(axis=1), np.abs(difference).mean(axis=1)
    variance = y.astype(np.float64).var()
    r2 = 1 - mse / variance if variance > 0 else np.full(len(mse), np.nan)
    return {"mse": mse, "mae": mae, "r2": r2}
