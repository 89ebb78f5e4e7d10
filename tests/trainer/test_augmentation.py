from typing import Any

import numpy as np
import pytest

from trainer.arrays import Array
from trainer.augmentation import OF_IMAGES, augment_of, check_images, warped
from trainer.epoch import train_epoch
from trainer.hyperparameters import complete
from trainer.split import Split
from trainer.stack import Member, begin, keep

IMAGE = np.arange(25, dtype=np.float32).reshape(1, 25)


def changed(images: Array, **hparams: Any) -> Array:
    return warped(images, complete(hparams), np.random.default_rng(0))


def test_nothing_asked_for_leaves_every_image() -> None:
    np.testing.assert_allclose(changed(IMAGE), IMAGE, rtol=1e-6)


def test_a_flip_mirrors_left_and_right() -> None:
    np.testing.assert_allclose(changed(IMAGE, flip=1).reshape(5, 5), IMAGE.reshape(5, 5)[:, ::-1], rtol=1e-6)


def test_half_of_the_images_are_flipped_when_asked_so() -> None:
    images = np.tile(IMAGE, (2000, 1))
    is_flipped = np.abs(changed(images, flip=0.5) - images).max(axis=1) > 1
    assert is_flipped.mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("technique", [{"shift": 1.5}, {"rotate": 20}, {"zoom": 0.3}, {"distort": 1.0}])
def test_a_plane_stays_a_plane_or_nearly_and_each_image_has_its_own_draws(technique: dict[str, Any]) -> None:
    ramp = np.tile(np.repeat(np.arange(9.0, dtype=np.float32), 9), (300, 1))
    new = changed(ramp, **technique).reshape(300, 9, 9)
    # The value is the row; so it says how far the middle of the image was moved: on average not at all.
    assert new.min() >= 0
    assert new.max() <= 8
    assert new[:, 4, 4].mean() == pytest.approx(4, abs=0.2)
    assert len(np.unique(new[:, 1, 7].round(4))) > 250


def test_a_quarter_turn_by_hand() -> None:
    class Quarter:
        """Draws that turn by all of the 90 degrees."""

        def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Array:
            return np.ones(shape)

        def random(self, shape: tuple[int, ...]) -> Array:
            return np.ones(shape)

        def standard_normal(self, shape: tuple[int, ...]) -> Array:
            return np.zeros(shape)

    new = warped(IMAGE, complete({"rotate": 90}), Quarter())  # type: ignore[arg-type]
    np.testing.assert_allclose(new.reshape(5, 5), np.rot90(IMAGE.reshape(5, 5), -1), atol=1e-4)


def test_the_edge_goes_on_beyond_the_edge() -> None:
    new = changed(IMAGE, shift=100).reshape(5, 5)
    assert set(new.ravel().tolist()) <= {0.0, 4.0, 20.0, 24.0}


def test_inputs_that_are_no_square_images_are_refused_by_name() -> None:
    for name in OF_IMAGES:
        with pytest.raises(ValueError, match=f"^{name} is for square images; the data has 30 features"):
            check_images(complete({name: 0.5}), n_inputs=30)
    check_images(complete({"noise": 1.0}), n_inputs=30)
    check_images(complete({"flip": 1.0}), n_inputs=64)


def test_an_augmented_network_has_the_same_bits_alone_and_the_others_see_nothing_of_it(digits: Split) -> None:
    techniques: list[dict[str, Any]] = [{"rotate": 10, "noise": 0.1}, {}, {"shift": 1, "distort": 0.3, "zoom": 0.1}]
    members = [Member({"hidden_units": 8, "batch_size": 256, **each}, seed) for seed, each in enumerate(techniques)]
    together = train_epoch(begin(digits, members), digits)
    for k, member in enumerate(members):
        alone = train_epoch(begin(digits, [member]), digits)
        assert alone.groups[0].networks.params.tobytes() == keep(together, [k]).groups[0].networks.params.tobytes()
    plain = train_epoch(begin(digits, [Member({"hidden_units": 8, "batch_size": 256}, 0)]), digits)
    assert plain.groups[0].networks.params.tobytes() != keep(together, [0]).groups[0].networks.params.tobytes()


def test_a_pixel_stays_within_what_it_is_in_the_training_set(digits: Split) -> None:
    augment = augment_of([complete({"shift": 3.0})], [1], [0], split=digits)
    assert augment is not None
    x = digits.train.x[np.newaxis, :200].copy()
    augment(0, x)
    assert (x[0].max(axis=0) <= digits.train.x.max(axis=0)).all()
    assert (x[0].min(axis=0) >= digits.train.x.min(axis=0)).all()
    assert np.abs(x[0] - digits.train.x[:200]).mean() > 0.3


def test_an_image_that_is_not_changed_is_the_same_image(digits: Split) -> None:
    augment = augment_of([complete({"flip": 1e-12})], [1], [0], split=digits)
    assert augment is not None
    x = digits.train.x[np.newaxis, :200].copy()
    augment(0, x)
    np.testing.assert_allclose(x[0], digits.train.x[:200], atol=1e-4)
