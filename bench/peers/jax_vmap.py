"""JAX, all networks of a stack at once: `jit(vmap(epoch))`, the batches of an epoch in a `scan`, one thread.

Compiling is no part of what is measured: the first call of `trainer_of(...)`'s result compiles, later ones only run.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp

from bench.recipe import Recipe
from trainer.split import Split

EPSILON = 1e-5
MOMENTS_BETA = 0.9
Tree = Any
"""Nested lists and dictionaries of arrays, as JAX maps over them."""


def trainer_of(split: Split, recipe: Recipe, seeds: Sequence[int]) -> Callable[[], list[float]]:
    """Trains one network per seed; the dev accuracy of each after its last epoch. Raises ValueError for dropout."""
    if recipe.keep_prob < 1:
        raise ValueError("this peer has no dropout")
    x, y = jnp.asarray(split.train.x), jnp.asarray(split.train.y)
    dev_x, dev_y = jnp.asarray(split.dev.x), jnp.asarray(split.dev.y)
    sizes = [x.shape[1], *recipe.hidden, split.n_classes]

    def shuffled_epoch(state: Tree, key: Tree, x: Tree, y: Tree) -> Tree:
        order = jax.random.permutation(key, len(y))
        return _epoch(state, x[order], y[order], recipe)

    begin = jax.jit(jax.vmap(lambda key: _begin(key, sizes)))
    epoch = jax.jit(jax.vmap(shuffled_epoch, in_axes=(0, 0, None, None)))
    accuracy = jax.jit(jax.vmap(lambda state: (_dev_logits(state, dev_x, recipe).argmax(axis=1) == dev_y).mean()))

    def work() -> list[float]:
        keys = jnp.stack([jax.random.key(seed) for seed in seeds])
        state, accuracies = begin(keys), jnp.zeros(len(seeds))
        for number in range(recipe.epochs):
            state = epoch(state, jax.vmap(jax.random.fold_in, in_axes=(0, None))(keys, number + 1), x, y)
            accuracies = accuracy(state)
        return [float(one) for one in accuracies]

    return work


def _begin(key: Tree, sizes: Sequence[int]) -> Tree:
    """Params with He's weights, Adam's moments, the moments of batch normalisation, and the number of the step."""
    keys = jax.random.split(key, len(sizes))
    shapes = list(pairwise(sizes))
    params = [
        {
            "w": jnp.sqrt(2 / inputs) * jax.random.normal(layer_key, (inputs, outputs)),
            "b": jnp.zeros(outputs),
            "gamma": jnp.ones(outputs),
        }
        for layer_key, (inputs, outputs) in zip(keys, shapes, strict=False)
    ]
    moments = [(jnp.zeros(outputs), jnp.ones(outputs)) for _, outputs in shapes[:-1]]
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"params": params, "m": zeros, "v": zeros, "moments": moments, "step": jnp.zeros(())}


def _epoch(state: Tree, x: Tree, y: Tree, recipe: Recipe) -> Tree:
    """Whole batches in a scan, then the short one."""
    size = recipe.batch_size
    n_whole = len(y) // size
    whole = n_whole * size
    batches = x[:whole].reshape(n_whole, size, -1), y[:whole].reshape(n_whole, size)
    state, _ = jax.lax.scan(lambda state, batch: (_step(state, batch[0], batch[1], recipe), None), state, batches)
    return state if whole == len(y) else _step(state, x[whole:], y[whole:], recipe)


def _step(state: Tree, x: Tree, y: Tree, recipe: Recipe) -> Tree:
    """One step of Adam."""
    (_, moments), gradient = jax.value_and_grad(_cost, has_aux=True)(state["params"], x, y, recipe)
    step, beta1, beta2 = state["step"] + 1, recipe.beta1, 0.999
    m = jax.tree.map(lambda old, g: beta1 * old + (1 - beta1) * g, state["m"], gradient)
    v = jax.tree.map(lambda old, g: beta2 * old + (1 - beta2) * g * g, state["v"], gradient)

    def stepped(w: Tree, m: Tree, v: Tree) -> Tree:
        return w - recipe.learning_rate * (m / (1 - beta1**step)) / (jnp.sqrt(v / (1 - beta2**step)) + 1e-8)

    params = jax.tree.map(stepped, state["params"], m, v)
    averages = jax.tree.map(lambda old, new: MOMENTS_BETA * old + (1 - MOMENTS_BETA) * new, state["moments"], moments)
    return {"params": params, "m": m, "v": v, "moments": averages, "step": step}


def _cost(params: Tree, x: Tree, y: Tree, recipe: Recipe) -> tuple[Tree, Tree]:
    """The mean cross-entropy with the L2 penalty, and the moments of this batch."""
    a, moments = x, []
    for layer in params[:-1]:
        z = a @ layer["w"]
        moments.append((z.mean(axis=0), z.var(axis=0)))
        a = _activated(z, layer, moments[-1], recipe)
    logits = a @ params[-1]["w"] + params[-1]["b"]
    cost = -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()
    penalty = sum((layer["w"] ** 2).sum() for layer in params) * recipe.l2 / (2 * recipe.batch_size)
    return cost + penalty, moments


def _activated(z: Tree, layer: Tree, moments: tuple[Tree, Tree], recipe: Recipe) -> Tree:
    if recipe.has_batch_norm:
        mu, sigma2 = moments
        z = layer["gamma"] * (z - mu) / jnp.sqrt(sigma2 + EPSILON)
    return jax.nn.relu(z + layer["b"])


def _dev_logits(state: Tree, x: Tree, recipe: Recipe) -> Tree:
    a = x
    for layer, moments in zip(state["params"][:-1], state["moments"], strict=True):
        a = _activated(a @ layer["w"], layer, moments, recipe)
    return a @ state["params"][-1]["w"] + state["params"][-1]["b"]
