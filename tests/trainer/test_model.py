import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from trainer.fitting import fit
from trainer.model import Model, load, save


def fitted(loader: Any, **hparams: Any) -> tuple[Model, Any, Any]:
    x, y = loader(return_X_y=True)
    return fit(x, y, {"hidden_units": 8, "epochs": 3, **hparams}).model, x, y


@pytest.mark.parametrize(
    ("loader", "hparams"),
    [
        (load_iris, {}),
        (load_iris, {"layers": 0, "patience": 2}),
        (load_breast_cancer, {"output": "sigmoid", "batch_norm": False}),
        (load_diabetes, {"activation": "tanh"}),
    ],
)
def test_a_network_gives_the_same_numbers_after_a_round_trip(
    tmp_path: Path, loader: Any, hparams: dict[str, Any]
) -> None:
    model, x, _ = fitted(loader, **hparams)
    path = tmp_path / "network.npz"
    save(model, path)
    again = load(path)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert (again.hparams, again.class_names, again.scale) == (model.hparams, model.class_names, model.scale)
    assert again.networks.architecture == model.networks.architecture
    if model.class_names:
        assert again.predict_proba(x).tobytes() == model.predict_proba(x).tobytes()


def test_probabilities_add_up_to_one_and_the_most_probable_class_is_predicted() -> None:
    for loader, output in ((load_iris, "softmax"), (load_breast_cancer, "sigmoid")):
        model, x, _ = fitted(loader, output=output)
        y_hat = model.predict_proba(x)
        np.testing.assert_allclose(y_hat.sum(axis=1), 1, rtol=1e-5)
        assert model.predict(x).tolist() == [model.class_names[c] for c in y_hat.argmax(axis=1)]


def test_a_single_example_is_predicted_as_it_is_among_others() -> None:
    model, x, _ = fitted(load_iris)
    np.testing.assert_allclose(model.predict_proba(x[:1]), model.predict_proba(x)[:1], rtol=1e-5)


def test_numbers_come_in_their_own_units() -> None:
    model, x, y = fitted(load_diabetes, epochs=40, learning_rate=0.01)
    assert np.abs(model.predict(x).mean() - y.mean()) < 20
    with pytest.raises(ValueError, match="probabilities are of classes"):
        model.predict_proba(x)


def test_data_of_another_width_is_refused() -> None:
    model, x, _ = fitted(load_iris)
    with pytest.raises(ValueError, match=r"x has the shape \(150, 3\); it must have 4 columns"):
        model.predict(x[:, :3])


def test_a_file_holds_no_pickle_and_others_are_refused(tmp_path: Path) -> None:
    model, _, _ = fitted(load_iris)
    save(model, tmp_path / "ours")
    with np.load(tmp_path / "ours", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
        arrays = dict(file)
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with pytest.raises(ValueError, match="is not a network that was saved by this trainer"):
        load(tmp_path / "other.npz")
    arrays["about"] = np.array(json.dumps(json.loads(str(arrays["about"])) | {"format": 99}))
    np.savez(tmp_path / "later.npz", **arrays)
    with pytest.raises(ValueError, match="has the form 99; this version reads 1"):
        load(tmp_path / "later.npz")
