"""The parts of the board: the sparkline, the boxes, its height."""

from typing import Any

import pytest
from rich.console import Console

from caviar.commands.display.board import board
from caviar.commands.display.boxes import WIDTH, box_rows
from caviar.commands.display.sparkline import BARS, sparkline
from caviar.commands.snapshots import Snapshot
from caviar.wire.searches import Round, SearchAnswer
from caviar.wire.trials import LeaderboardRow
from caviar.wire.workers import WorkerAnswer
from tests.commands.test_display import example


@pytest.mark.parametrize(
    ("course", "is_better_higher", "bars"),
    [
        ([], True, ""),
        ([(1, float("nan"))], True, ""),
        ([(1, 0.5)], True, "█"),
        ([(1, 0.0), (2, 1.0)], True, "▁█"),
        ([(1, 1.0), (2, 0.0)], False, "▁█"),
        ([(2, 0.0), (4, 1.0)], True, " ▁▁█"),
        ([(1, 0.1), (2, 0.8), (8, 0.9)], True, "▇▇▇█"),
        ([(1, 100.0), (2, 10.0), (3, 1.0), (4, 0.1)], False, "▁▃▆█"),
    ],
)
def test_a_sparkline_rises_with_the_best_so_far(
    course: list[tuple[int, float]], is_better_higher: bool, bars: str
) -> None:
    assert sparkline(course, width=4, is_better_higher=is_better_higher) == bars


def test_the_last_bar_is_the_highest_however_narrow_the_line() -> None:
    course = [(trials, trials**0.5) for trials in range(1, 100)]
    for width in (1, 2, 7, 30):
        bars = sparkline(course, width=width, is_better_higher=True)
        heights = [BARS.index(bar) for bar in bars]
        assert (len(bars), heights[-1], heights) == (width, len(BARS) - 1, sorted(heights))


@pytest.mark.parametrize(
    ("parameter", "side", "bar"),
    [
        ({"low": 0.0, "high": 1.0}, {"low": 0.0, "high": 1.0}, "━" * 24),
        ({"low": 0.0, "high": 1.0}, {"low": 0.25, "high": 0.5}, "╌" * 6 + "━" * 6 + "╌" * 12),
        ({"low": 1e-4, "high": 1.0, "scale": "log"}, {"low": 0.01, "high": 0.1}, "╌" * 12 + "━" * 6 + "╌" * 6),
        ({"low": 0.9, "high": 0.999, "scale": "reverse_log"}, {"low": 0.99, "high": 0.999}, "╌" * 12 + "━" * 12),
        ({"low": 1, "high": 9, "type": "int"}, {"low": 9, "high": 9}, "╌" * 23 + "━"),
        ({"low": 0.0, "high": 1.0}, {"values": [0.25, 0.5]}, "╌" * 6 + "━" * 6 + "╌" * 12),
        ({"values": [1, 2, 3]}, {"values": [2]}, "╌" * 8 + "━" * 8 + "╌" * 8),
        ({"values": [True, 1, [1, 2]]}, {"values": [1, [1, 2]]}, "╌" * 8 + "━" * 16),
    ],
)
def test_a_box_is_drawn_where_it_lies_on_the_parameters_own_scale(
    parameter: dict[str, Any], side: dict[str, Any], bar: str
) -> None:
    ((name, drawn, _),) = box_rows({"x": parameter, "epochs": 3}, {"x": side})
    assert (name, drawn, len(drawn)) == ("x", bar, WIDTH)


def a_snapshot(leaders: int, workers: int) -> Snapshot:
    search = SearchAnswer.model_validate(example(SearchAnswer))
    row, worker = example(LeaderboardRow), example(WorkerAnswer)
    return Snapshot(
        search=search,
        leaders=[LeaderboardRow.model_validate({**row, "rank": rank}) for rank in range(1, leaders + 1)],
        new_rounds=[],
        current_round=Round.model_validate(example(Round)),
        course=[(1, 0.5), (30, 0.9833)],
        workers=[WorkerAnswer.model_validate({**worker, "name": f"[red]{number}"}) for number in range(workers)],
    )


def drawn(snapshot: Snapshot, height: int) -> list[str]:
    console = Console(width=100, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(board(snapshot, console=console))
    return capture.get().splitlines()


@pytest.mark.parametrize(("height", "leaders"), [(60, 10), (24, 10), (20, 7), (16, 3), (5, 1)])
def test_the_leaderboard_gives_way_to_the_rest(height: int, leaders: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    lines = drawn(a_snapshot(10, 2), height)
    assert len([line for line in lines if "0.0061" in line]) == leaders
    assert len(lines) < height


def test_of_many_workers_the_board_counts_the_rest() -> None:
    lines = drawn(a_snapshot(1, 9), 60)
    assert "workers: 9 alive; 3 more than these" in [line.rstrip() for line in lines]
    assert len([line for line in lines if line.startswith("[red]")]) == 6
