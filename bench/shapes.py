"""The networks that are measured, and how many times faster than PyTorch each of them is to be."""

from dataclasses import dataclass

from bench.recipe import Recipe

EPOCHS = 5


@dataclass(frozen=True, kw_only=True)
class Shape:
    """K networks of one architecture on one data set; `must` and `goal` are ratios to PyTorch."""

    dataset: str
    n_inputs: int
    hidden: tuple[int, ...]
    batch_size: int
    networks: int
    rounds: int = 9
    must: float
    goal: float

    @property
    def name(self) -> str:
        """As in the last line: widths from the inputs to the ten classes, then the batch."""
        return "-".join(map(str, [self.n_inputs, *self.hidden, 10])) + f"/{self.batch_size}"

    def recipe(self, *, keep_prob: float = 1.0, has_batch_norm: bool = True) -> Recipe:
        return Recipe(
            hidden=self.hidden,
            batch_size=self.batch_size,
            epochs=EPOCHS,
            keep_prob=keep_prob,
            has_batch_norm=has_batch_norm,
        )


SHAPES = (
    Shape(dataset="digits", n_inputs=64, hidden=(32,), batch_size=32, networks=16, must=20, goal=40),
    Shape(dataset="digits", n_inputs=64, hidden=(64, 32), batch_size=64, networks=16, must=8, goal=16),
    Shape(dataset="digits", n_inputs=64, hidden=(256, 128), batch_size=128, networks=16, must=1.5, goal=2.5),
    Shape(
        dataset="fashion_mnist_10k",
        n_inputs=784,
        hidden=(256, 128),
        batch_size=256,
        networks=8,
        rounds=5,
        must=1.0,
        goal=1.4,
    ),
)
