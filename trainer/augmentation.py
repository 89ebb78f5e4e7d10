"""Data augmentation, drawn anew for every batch from each trial's own stream: noise for tables; images are also
flipped, shifted, rotated, scaled and distorted.

Notation: K networks, B examples, D inputs. An image is square and grey, D = S * S, row by row.
Every pixel of a new image takes the value of the old image at another place, p' = A (p - c) + c + shift + bend(p), with
the centre c; between pixels it is interpolated bilinearly, and beyond the edge the edge goes on.
Source of distortion: Simard et al. 2003 (elastic deformation). Deviation: the smooth field is interpolated from a grid
of 4 x 4 random arrows, instead of one random arrow per pixel, blurred.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.arrays import Array
from trainer.split import Split
from trainer.streams import Purpose, stream

OF_IMAGES = ("flip", "shift", "rotate", "zoom", "distort")
"""Hyperparameters that need square images; 0 does nothing."""

GRID = 4
"""Random arrows along each side of an image."""

Augment = Callable[[int, Array], None]
"""(t, x (K, B, D) of batch t) -> x changed in place."""


def check_images(hparams: Mapping[str, Any], *, n_inputs: int) -> None:
    """Raises ValueError where images are to be changed and the inputs are none."""
    asked = [name for name in OF_IMAGES if hparams[name]]
    if asked and (n_inputs < 4 or math.isqrt(n_inputs) ** 2 != n_inputs):
        raise ValueError(f"{asked[0]} is for square images; the data has {n_inputs} features, which are none.")


def augment_of(
    hparams: Sequence[Mapping[str, Any]], seeds: Sequence[int], epochs: Sequence[int], *, split: Split
) -> Augment | None:
    """What changes the batches of the coming epoch; None if nobody asks for it."""
    wanted = [k for k, each in enumerate(hparams) if each["noise"] or any(each[name] for name in OF_IMAGES)]
    if not wanted:
        return None
    pixels = _Pixels.of(split)

    def augment(t: int, x: Array) -> None:
        for k in wanted:
            rng = stream(seeds[k], Purpose.AUGMENTATION, index=epochs[k], part=t)
            if any(hparams[k][name] for name in OF_IMAGES):
                x[k] = pixels.normalised(warped(pixels.raw(x[k]), hparams[k], rng))
            if hparams[k]["noise"]:
                x[k] += rng.standard_normal(x[k].shape, np.float32) * np.float32(hparams[k]["noise"])

    return augment


@dataclass(frozen=True)
class _Pixels:
    """Between normalised and raw pixels: only raw ones can change their places. mu, sigma, least, most (D,).

    A pixel that is nearly always white has a tiny deviation, and what is moved there would be hundreds of them; so each
    stays between the least and the most that it is in the training set.
    """

    mu: Array
    sigma: Array
    least: Array
    most: Array

    @classmethod
    def of(cls, split: Split) -> "_Pixels":
        return cls(split.mu, split.sigma, split.train.x.min(axis=0), split.train.x.max(axis=0))

    def raw(self, x: Array) -> Array:
        return x * self.sigma + self.mu

    def normalised(self, x: Array) -> Array:
        return np.clip((x - self.mu) / self.sigma, self.least, self.most)


def warped(images: Array, hparams: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """New images (B, D) from old ones, each with its own draws: flipped with probability flip, shifted by up to `shift`
    pixels, rotated by up to `rotate` degrees, scaled by 1 - zoom to 1 + zoom, bent by arrows of about `distort` pixels.
    """
    n, side = len(images), math.isqrt(images.shape[1])
    angle = np.radians(hparams["rotate"]) * rng.uniform(-1, 1, (n, 1, 1))
    scale = 1 + hparams["zoom"] * rng.uniform(-1, 1, (n, 1, 1))
    shift = hparams["shift"] * rng.uniform(-1, 1, (2, n, 1, 1))
    mirror = np.where(rng.random((n, 1, 1)) < hparams["flip"], -1, 1)
    bend = hparams["distort"] * rng.standard_normal((2, n, GRID, GRID))
    centre = (side - 1) / 2
    down, right = (axis - centre for axis in np.mgrid[:side, :side])
    to_pixels = _interpolation(side)
    rows = (np.cos(angle) * down - np.sin(angle) * right) / scale + shift[0] + to_pixels @ bend[0] @ to_pixels.T
    columns = mirror * (np.sin(angle) * down + np.cos(angle) * right) / scale + shift[1]
    columns = columns + to_pixels @ bend[1] @ to_pixels.T
    return _values_at(images, rows + centre, columns + centre).astype(images.dtype)


def _interpolation(side: int) -> Array:
    """(S, GRID): a linear interpolation from the grid to the pixels of one side."""
    place = np.linspace(0, GRID - 1, side)[:, np.newaxis]
    weights: Array = np.maximum(0, 1 - np.abs(place - np.arange(GRID)))
    return weights


def _values_at(images: Array, rows: Array, columns: Array) -> Array:
    """(B, D): the images (B, D) at places (B, S, S) between their pixels."""
    n, side = len(images), rows.shape[1]
    rows, columns = (np.clip(place, 0, side - 1).reshape(n, -1) for place in (rows, columns))
    top, left = (np.minimum(place.astype(np.int64), side - 2) for place in (rows, columns))
    below, beside = rows - top, columns - left
    corner = top * side + left

    def at(offset: int) -> Array:
        return np.take_along_axis(images, corner + offset, axis=1)

    upper = at(0) * (1 - beside) + at(1) * beside
    lower = at(side) * (1 - beside) + at(side + 1) * beside
    values: Array = upper * (1 - below) + lower * below
    return values
