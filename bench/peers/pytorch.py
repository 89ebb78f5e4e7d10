"""PyTorch, eager, as its best users write it for small networks on a CPU.

All data lies in memory as tensors; an epoch is a `randperm` cut into batches, without a DataLoader; one thread; no
`.item()` within an epoch; the dev set is evaluated in one piece under `inference_mode`. Adam is what `torch.optim.Adam`
is when it is only told its betas; `is_fused` asks it for its fused kernel, which is faster on a CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from bench.recipe import Recipe
from trainer.split import Part, Split

AfterEpoch = Callable[[int, float], object]
"""(epoch from 1, dev accuracy)."""


@dataclass(frozen=True)
class Tensors:
    """A split, made once: train and dev as (x, y)."""

    train: tuple[torch.Tensor, torch.Tensor]
    dev: tuple[torch.Tensor, torch.Tensor]
    n_classes: int


def tensors(split: Split) -> Tensors:
    def of(part: Part) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(part.x), torch.from_numpy(part.y)

    torch.set_num_threads(1)
    return Tensors(of(split.train), of(split.dev), split.n_classes)


def train(
    data: Tensors, recipe: Recipe, seed: int, *, is_fused: bool = False, after_epoch: AfterEpoch = lambda *_: None
) -> float:
    """The dev accuracy of one network after its last epoch."""
    torch.manual_seed(seed)
    x, y = data.train
    model = network(recipe, n_inputs=x.shape[1], n_classes=data.n_classes)
    optimizer = _adam(model, recipe, is_fused=is_fused)
    accuracy = 0.0
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        for rows in torch.randperm(len(y)).split(recipe.batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        accuracy = _accuracy(model, *data.dev)
        after_epoch(epoch, accuracy)
    return accuracy


def network(recipe: Recipe, *, n_inputs: int, n_classes: int) -> nn.Sequential:
    """Dense, batch norm, ReLU, dropout, and so on, then a dense layer for the logits."""
    layers: list[nn.Module] = []
    for width in recipe.hidden:
        dense = nn.Linear(n_inputs, width, bias=not recipe.has_batch_norm)
        _initialise(dense)
        layers += [dense, *([nn.BatchNorm1d(width)] if recipe.has_batch_norm else []), nn.ReLU()]
        if recipe.keep_prob < 1:
            layers.append(nn.Dropout(1 - recipe.keep_prob))
        n_inputs = width
    logits = nn.Linear(n_inputs, n_classes)
    _initialise(logits)
    return nn.Sequential(*layers, logits)


def _initialise(dense: nn.Linear) -> None:
    nn.init.kaiming_normal_(dense.weight, nonlinearity="relu")
    if dense.bias is not None:
        nn.init.zeros_(dense.bias)


def _adam(model: nn.Sequential, recipe: Recipe, *, is_fused: bool) -> torch.optim.Adam:
    return torch.optim.Adam(
        _groups(model, recipe), lr=recipe.learning_rate, betas=(recipe.beta1, 0.999), eps=1e-8, fused=is_fused or None
    )


def _groups(model: nn.Sequential, recipe: Recipe) -> list[dict[str, Any]]:
    """L2 acts on weights alone: lambda / m * w is what weight_decay adds to their gradient. Without it, one group."""
    if recipe.l2 == 0:
        return [{"params": list(model.parameters())}]
    weights = [layer.weight for layer in model if isinstance(layer, nn.Linear)]
    identities = {id(weight) for weight in weights}
    others = [parameter for parameter in model.parameters() if id(parameter) not in identities]
    return [{"params": weights, "weight_decay": recipe.l2 / recipe.batch_size}, {"params": others}]


def _accuracy(model: nn.Sequential, x: torch.Tensor, y: torch.Tensor) -> float:
    model.eval()
    with torch.inference_mode():
        return float((model(x).argmax(dim=1) == y).float().mean())
