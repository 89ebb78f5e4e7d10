"""One trained network with all that is needed to use it on new data, and as a file.

Notation: N examples, D features, C classes. A file is one .npz without pickled objects: arrays, and the rest as JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.architecture import Architecture
from trainer.averages import Average
from trainer.network import Networks, predict
from trainer.split import Split, normalise
from trainer.targets import Scale

FORMAT = 1
"""Raised when a reader of the old form could not read the new one."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """One network (K = 1), what it was trained with, and how its inputs are normalised and its outputs read.

    `class_names` is empty where it predicts numbers, which `scale` then puts into their own units.
    """

    networks: Networks
    hparams: Mapping[str, Any]
    mu: NDArray[np.float32]
    sigma: NDArray[np.float32]
    scale: Scale
    class_names: tuple[str, ...]

    def predict_proba(self, x: ArrayLike) -> NDArray[np.float32]:
        """(N, C): the probability of every class, for x (N, D) as it comes, not normalised."""
        if not self.class_names:
            raise ValueError("This network predicts numbers; probabilities are of classes.")
        y_hat = self._outputs(x)
        return y_hat if y_hat.shape[1] > 1 else np.concatenate([1 - y_hat, y_hat], axis=1)

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """(N,): the name of the most probable class of each example, or a number."""
        if self.class_names:
            names: NDArray[Any] = np.array(self.class_names)[self.predict_proba(x).argmax(axis=1)]
            return names
        numbers: NDArray[Any] = self._outputs(x)[:, 0] * self.scale.sigma + self.scale.mu
        return numbers

    def _outputs(self, x: ArrayLike) -> NDArray[np.float32]:
        inputs = np.asarray(x, np.float32)
        if inputs.ndim != 2 or inputs.shape[1] != len(self.mu):
            raise ValueError(f"x has the shape {inputs.shape}; it must have {len(self.mu)} columns, as in training.")
        y_hat: NDArray[np.float32] = predict(self.networks, normalise(inputs, self.mu, self.sigma))[0].astype(
            np.float32
        )
        return y_hat


def model_of(networks: Networks, hparams: Mapping[str, Any], split: Split, *, class_names: tuple[str, ...]) -> Model:
    """A network of K = 1 with the normalisation of the split that it was trained on."""
    return Model(
        networks=networks, hparams=hparams, mu=split.mu, sigma=split.sigma, scale=split.scale, class_names=class_names
    )


def save(model: Model, path: Path | str) -> None:
    """Write one .npz file, whose name is taken as it is given."""
    about = {
        "format": FORMAT,
        "architecture": asdict(model.networks.architecture),
        "hparams": dict(model.hparams),
        "scale": asdict(model.scale),
        "class_names": list(model.class_names),
    }
    with Path(path).open("wb") as file:
        np.savez(
            file,
            about=np.array(json.dumps(about)),
            params=model.networks.params,
            moments=model.networks.moments.total,
            moments_weight=model.networks.moments.weight,
            mu=model.mu,
            sigma=model.sigma,
        )


def load(path: Path | str) -> Model:
    """Raises ValueError for a file that is not one of ours, or of a later form."""
    with np.load(path, allow_pickle=False) as file:
        if "about" not in getattr(file, "files", ()):
            raise ValueError(f"{path} is not a network that was saved by this trainer.")
        arrays = {name: file[name] for name in file.files}
    about = json.loads(str(arrays["about"]))
    if about["format"] > FORMAT:
        raise ValueError(f"{path} has the form {about['format']}; this version reads {FORMAT} and older ones.")
    shape = about["architecture"]
    architecture = Architecture(**{**shape, "hidden": tuple(shape["hidden"])})
    return Model(
        networks=Networks(architecture, arrays["params"], Average(arrays["moments"], arrays["moments_weight"])),
        hparams=about["hparams"],
        mu=arrays["mu"],
        sigma=arrays["sigma"],
        scale=Scale(**about["scale"]),
        class_names=tuple(about["class_names"]),
    )
