"""The tables and the figures of the trainer's benchmark."""

from bench.comparing import Comparison, Measured
from bench.rows import Row, figures, peer_table, speed_table

OURS = Measured(seconds=[0.004, 0.005], accuracy=0.97)
TORCH = Measured(seconds=[0.1, 0.1], accuracy=0.965)
WEAK = Measured(seconds=[0.02, 0.02], accuracy=0.9)
ROW = Row(
    name="64-32-10/32",
    networks="16",
    must=20,
    goal=40,
    comparisons={"vs_torch": Comparison(OURS, TORCH), "vs_sklearn": Comparison(OURS, WEAK)},
    products=[0.001, 0.001],
)


def test_the_figures_stand_by_name_and_shape() -> None:
    assert figures([ROW]) == {
        "vs_torch": {"64-32-10/32": 22.5},
        "vs_limit": {"64-32-10/32": 0.225},
        "vs_sklearn": {"64-32-10/32": None},
    }


def test_the_speed_table_says_what_is_reached_and_how_far_the_limit_is() -> None:
    assert speed_table([ROW]).splitlines()[-1].split() == [
        *("64-32-10/32", "16", "4.5", "1.0", "22%", "4.44x", "22.5x"),
        *("must", "20", "reached"),
    ]


def test_the_peer_table_tells_no_ratio_where_the_networks_differ() -> None:
    fair, unfair = peer_table([ROW]).splitlines()[-2:]
    assert "22.5x" in fair
    assert "20.00-25.00" in fair
    assert "learned otherwise" in unfair
    assert "x  " not in unfair
