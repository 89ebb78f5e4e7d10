"""A member's numbers are its own: the same bits alone, in any stack, in any order, whoever leaves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from trainer import averages
from trainer.arrays import Array, flatten, views
from trainer.epoch import train_epoch
from trainer.evaluation import evaluate
from trainer.gradcheck import cost_and_gradient
from trainer.group import Group
from trainer.layers import EPSILON
from trainer.moments import BETA
from trainer.network import Networks
from trainer.penalties import Penalty
from trainer.split import Split
from trainer.stack import Member, Stack, begin, change, keep, network_of

Blobs = Callable[..., Split]


def members_of(n: int, **shared: Any) -> list[Member]:
    """Members that differ in all that may differ within a stack."""
    return [
        Member(
            {
                "learning_rate": 10 ** -(1 + k % 4),
                "beta1": 0.5 + k / 40,
                "l2": float(k % 3),
                "l1": 0.1 * (k % 2),
                "clip_norm": float(k % 4),
                "keep_prob": 1 - 0.1 * (k % 5),
                "noise": 0.1 * (k % 3),
                "decay": ["none", "cosine", "exponential"][k % 3],
                "initialisation": ["auto", "xavier", "glorot"][k % 3],
                "epochs": 1 + k,
            }
            | shared,
            seed=2**40 + k,
        )
        for k in range(n)
    ]


def trained(split: Split, members: list[Member], n_epochs: int, **how: Any) -> Stack:
    stack = begin(split, members, **how)
    for _ in range(n_epochs):
        stack = train_epoch(stack, split)
    return stack


def only_group(stack: Stack) -> Group:
    [group] = stack.groups
    return group


def networks_of(stack: Stack) -> Networks:
    return only_group(stack).networks


def with_params(stack: Stack, params: Array) -> Stack:
    group = only_group(stack)
    return replace(stack, groups=(replace(group, networks=replace(group.networks, params=params)),))


def arrays_of(stack: Stack) -> Iterator[Array]:
    for group in stack.groups:
        yield group.networks.params
        for average in (group.networks.moments, *group.optimizer_state):
            yield average.total
            yield average.weight
        yield group.gradient_norms


def assert_same_bits(one: Stack, other: Stack, split: Split) -> None:
    for a, b in zip(arrays_of(one), arrays_of(other), strict=True):
        assert a.tobytes() == b.tobytes()
    each = [evaluate([group.networks for group in stack.groups], split.parts) for stack in (one, other)]
    assert each[0] == each[1]
    assert (one.members, one.epochs, one.diverged_at) == (other.members, other.epochs, other.diverged_at)


SHAPES = st.fixed_dictionaries(
    {
        "hidden_units": st.lists(st.sampled_from([1, 2, 3, 5, 8, 13, 17, 32, 50, 64, 77]), max_size=3),
        "batch_size": st.sampled_from([2, 3, 7, 8, 16, 31, 32, 64, 1000, "all"]),
        "batch_norm": st.booleans(),
        "optimizer": st.sampled_from(["adam", "momentum", "rmsprop", "gradient_descent"]),
        "activation": st.sampled_from(["relu", "leaky_relu", "tanh", "sigmoid", "linear"]),
    }
)


@given(shape=SHAPES, n_features=st.sampled_from([1, 2, 5, 16, 64]), n_train=st.sampled_from([32, 40, 66]))
# 66 training examples leave a last batch of two; these two networks have more than 8,192 and 100,000 weights.
@example(
    shape={"hidden_units": [101, 97], "batch_size": 32, "batch_norm": True, "optimizer": "adam"},
    n_features=64,
    n_train=66,
)
@example(
    shape={"hidden_units": [333], "batch_size": 64, "batch_norm": True, "optimizer": "momentum"},
    n_features=301,
    n_train=66,
)
@example(
    shape={"hidden_units": [5], "batch_size": 1, "batch_norm": False, "optimizer": "adam"},
    n_features=5,
    n_train=32,
)
@settings(derandomize=True, max_examples=40, deadline=None)
def test_a_member_has_the_same_bits_alone_in_a_pair_and_in_a_stack_of_16(
    blobs: Blobs, shape: dict[str, Any], n_features: int, n_train: int
) -> None:
    split, members = blobs(n_train, n_features), members_of(16, **shape)
    together = trained(split, members, 2)
    for k in (0, 7, 15):
        assert_same_bits(trained(split, [members[k]], 2), keep(together, [k]), split)
    assert_same_bits(trained(split, members[7:9], 2), keep(together, [7, 8]), split)


@given(shape=SHAPES, order=st.permutations(range(5)))
@settings(derandomize=True, max_examples=15, deadline=None)
def test_permuting_a_stack_permutes_its_results(blobs: Blobs, shape: dict[str, Any], order: list[int]) -> None:
    split, members = blobs(40, 5), members_of(5, **shape)
    permuted = trained(split, [members[k] for k in order], 2)
    assert_same_bits(permuted, keep(trained(split, members, 2), order), split)


@given(shape=SHAPES, staying=st.sets(st.integers(0, 4), min_size=1).map(sorted))
@settings(derandomize=True, max_examples=15, deadline=None)
def test_those_who_stay_go_on_as_if_nobody_had_left(blobs: Blobs, shape: dict[str, Any], staying: list[int]) -> None:
    split = blobs(40, 5)
    halfway = trained(split, members_of(5, **shape), 1)
    assert_same_bits(train_epoch(keep(halfway, staying), split), keep(train_epoch(halfway, split), staying), split)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_member_that_diverges_disturbs_nobody_and_warns_nobody(blobs: Blobs, batch_norm: bool) -> None:
    split, members = blobs(40, 5), members_of(4, batch_norm=batch_norm)
    wild = replace(members[2], hparams={**members[2].hparams, "learning_rate": 1e39, "l2": 1e39})
    stack = trained(split, [*members[:2], wild, members[3]], 3)
    assert not np.isfinite(networks_of(stack).params[2]).any()
    assert_same_bits(keep(stack, [0, 1, 3]), keep(trained(split, members, 3), [0, 1, 3]), split)


@given(
    hidden=st.lists(st.lists(st.sampled_from([1, 2, 5, 16, 17, 33, 77]), max_size=3), min_size=2, max_size=6),
    shared=SHAPES,
)
@settings(derandomize=True, max_examples=25, deadline=None)
def test_a_member_has_the_same_bits_among_others_of_any_width_depth_and_optimizer(
    blobs: Blobs, hidden: list[list[int]], shared: dict[str, Any]
) -> None:
    split = blobs(40, 5)
    optimizers = ["adam", "momentum", "rmsprop", "gradient_descent", "adam", "classical_momentum"]
    members = [
        replace(member, hparams={**member.hparams, "hidden_units": units, "optimizer": optimizer})
        for member, units, optimizer in zip(
            members_of(len(hidden), batch_size=shared["batch_size"], activation=shared["activation"]),
            hidden,
            optimizers,
            strict=False,
        )
    ]
    together = trained(split, members, 2)
    for k, member in enumerate(members):
        assert_same_bits(trained(split, [member], 2), keep(together, [k]), split)
    assert network_of(together, len(members) - 1).architecture.hidden == tuple(hidden[-1])


def test_an_epoch_leaves_the_stack_it_was_given_as_it_was(blobs: Blobs) -> None:
    split = blobs(40, 5)
    stack = trained(split, members_of(2), 1)
    before = [array.copy() for array in arrays_of(stack)]
    train_epoch(stack, split)
    for array, copy in zip(arrays_of(stack), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_members_that_cannot_be_trained_in_one_array_are_refused(blobs: Blobs) -> None:
    members = [Member({}, 1), Member({"batch_size": 32}, 2)]
    with pytest.raises(ValueError, match="these have b64-bn, b32-bn"):
        begin(blobs(40, 5), members)


def test_a_stack_of_nobody_is_refused(blobs: Blobs) -> None:
    with pytest.raises(ValueError, match="these have none"):
        begin(blobs(40, 5), [])


def test_wrong_hyperparameters_are_refused_by_name(blobs: Blobs) -> None:
    with pytest.raises(ValueError, match="learning_rate is -1; it must be a number > 0"):
        begin(blobs(40, 5), [Member({"learning_rate": -1}, 1)])


def test_a_batch_size_above_the_data_takes_one_step_per_epoch(blobs: Blobs) -> None:
    stack = trained(blobs(40, 5), [Member({"batch_size": 1000, "beta1": 0.5}, 1)], 3)
    np.testing.assert_allclose(only_group(stack).optimizer_state[0].weight, 1 + 0.5 + 0.5**2)


def test_the_number_of_steps_counts_the_short_last_batch(blobs: Blobs) -> None:
    stack = trained(blobs(40, 5), [Member({"batch_size": 16, "beta1": 0.5}, 1)], 1)
    np.testing.assert_allclose(only_group(stack).optimizer_state[0].weight, 1 + 0.5 + 0.5**2)


def test_float32_agrees_with_float64_after_an_epoch(blobs: Blobs) -> None:
    members = members_of(3, hidden_units=17, batch_size=1000, optimizer="momentum")
    narrow, wide = (networks_of(trained(blobs(40, 5), members, 1, dtype=dtype)) for dtype in (np.float32, np.float64))
    assert (narrow.params.dtype.name, wide.params.dtype.name) == ("float32", "float64")
    np.testing.assert_allclose(narrow.params, wide.params, atol=1e-5)
    np.testing.assert_allclose(narrow.moments.total, wide.moments.total, atol=1e-5)


def test_each_network_trains_with_its_own_learning_rate(blobs: Blobs) -> None:
    members = [Member({"learning_rate": rate, "optimizer": "momentum"}, 5) for rate in (1e-3, 2e-3)]
    split = blobs(40, 5)
    start = networks_of(begin(split, members)).params
    moved = networks_of(trained(split, members, 1, dtype=np.float64)).params - start
    assert np.linalg.norm(moved[1]) > 1.5 * np.linalg.norm(moved[0]) > 0


def test_with_all_examples_in_a_batch_the_averaged_moments_are_those_of_the_training_set(blobs: Blobs) -> None:
    split = blobs(66, 5)
    stack = trained(split, [Member({"batch_size": 1000, "learning_rate": 1e-12, "layers": 1}, 3)], 5, dtype=np.float64)
    architecture = networks_of(stack).architecture
    params = views(networks_of(stack).params, architecture.param_shapes)
    moments = views(averages.corrected(networks_of(stack).moments), architecture.moment_shapes)
    z = split.train.x @ params["w[1]"][0]
    np.testing.assert_allclose(moments["mu[1]"][0, 0], z.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(moments["sigma2[1]"][0, 0], z.var(axis=0), rtol=1e-9)


def test_with_mini_batches_the_averaged_moments_are_near_those_of_the_training_set(digits: Split) -> None:
    stack = trained(digits, [Member({"learning_rate": 1e-12, "layers": 1}, 3)], 1)
    architecture = networks_of(stack).architecture
    params = views(networks_of(stack).params, architecture.param_shapes)
    moments = views(averages.corrected(networks_of(stack).moments), architecture.moment_shapes)
    z = digits.train.x @ params["w[1]"][0]
    mean_error = np.abs(moments["mu[1]"][0, 0] - z.mean(axis=0)) / z.std(axis=0)
    # About 1 / (1 - beta) = 10 batches of 64 count, so a mean is off by about 1 / sqrt(20 * 64) deviations.
    assert np.sqrt((mean_error**2).mean()) < 3 / np.sqrt(20 * 64)
    np.testing.assert_allclose(moments["sigma2[1]"][0, 0] + EPSILON, z.var(axis=0), rtol=0.5)


def test_the_moments_of_two_batches_are_averaged_with_their_beta_and_corrected(blobs: Blobs) -> None:
    split = blobs(40, 5)
    first = begin(split, [Member({"batch_size": 1000}, 3)], dtype=np.float64)
    second = train_epoch(first, split)
    third = train_epoch(second, split)
    x, y = split.train.x[np.newaxis].astype(np.float64), np.eye(3)[split.train.y[np.newaxis]]
    none = Penalty(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), 0)
    batches = [cost_and_gradient(networks_of(stack), x, y, penalty=none)[2] for stack in (first, second)]
    expected = (BETA * (1 - BETA) * batches[0] + (1 - BETA) * batches[1]) / (1 - BETA**2)
    np.testing.assert_allclose(averages.corrected(networks_of(third).moments), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("hidden", [[], [7], [7, 5]])
def test_gradient_descent_takes_the_steps_of_scikit_learn(blobs: Blobs, hidden: list[int]) -> None:
    split = blobs(66, 5)
    x, y = split.train.x.astype(np.float64), split.train.y
    l2, learning_rate = 3.0, 0.1
    peer = MLPClassifier(
        hidden or [],
        solver="sgd",
        alpha=l2,
        batch_size=len(y),
        learning_rate_init=learning_rate,
        momentum=0,
        nesterovs_momentum=False,
        shuffle=False,
        random_state=0,
    )
    peer.partial_fit(x, y, classes=[0, 1, 2])
    hparams = {"hidden_units": hidden, "batch_size": 1000, "batch_norm": False, "l2": l2, "optimizer": "momentum"}
    stack = with_weights_of(
        begin(split, [Member({**hparams, "beta1": 0, "learning_rate": learning_rate}, 1)], dtype=float), peer
    )
    for n_steps in range(1, 101):
        peer.partial_fit(x, y)
        stack = train_epoch(stack, split)
        if n_steps in (1, 100):
            theirs = networks_of(with_weights_of(stack, peer)).params
            np.testing.assert_allclose(networks_of(stack).params, theirs, rtol=1e-6)


def with_weights_of(stack: Stack, peer: Any) -> Stack:
    """The stack's one network with scikit-learn's weights."""
    shapes = networks_of(stack).architecture.param_shapes
    theirs = {f"w[{n}]": w[np.newaxis] for n, w in enumerate(peer.coefs_, start=1)}
    theirs |= {f"b[{n}]": b[np.newaxis, np.newaxis] for n, b in enumerate(peer.intercepts_, start=1)}
    params = flatten(theirs, shapes, like=networks_of(stack).params)
    return with_params(stack, params)


def test_a_change_between_epochs_changes_the_one_it_is_for(blobs: Blobs) -> None:
    split = blobs(40, 5)
    halfway = trained(split, members_of(3), 1)
    changed = change(halfway, 1, learning_rate=0.5)
    after, undisturbed = train_epoch(changed, split), train_epoch(halfway, split)
    assert_same_bits(keep(after, [0, 2]), keep(undisturbed, [0, 2]), split)
    assert not np.array_equal(networks_of(after).params[1], networks_of(undisturbed).params[1])
    with pytest.raises(ValueError, match="batch_size cannot change between epochs: the networks of a stack rely on it"):
        change(halfway, 1, batch_size=32)
    with pytest.raises(ValueError, match="learning_rate is -1"):
        change(halfway, 1, learning_rate=-1)


def test_noise_and_dropout_are_drawn_anew_every_epoch_and_belong_to_the_seed(blobs: Blobs) -> None:
    split = blobs(40, 5)
    for technique in ({"noise": 0.5}, {"keep_prob": 0.5}):
        members = [Member({**technique, "batch_norm": False}, seed) for seed in (1, 1, 2)]
        stack = trained(split, members, 1)
        assert np.array_equal(networks_of(stack).params[0], networks_of(stack).params[1])
        assert not np.array_equal(networks_of(stack).params[0], networks_of(stack).params[2])
        later = replace(stack, epochs=(1, 2, 1), members=tuple([stack.members[0]] * 3))
        same_order = with_params(later, networks_of(stack).params[[0, 0, 0]])
        moved = networks_of(train_epoch(same_order, split)).params
        assert not np.array_equal(moved[0], moved[1])
