"""What a server counts, as a collector reads it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from caviar.wire.protocol import Result, Status
from service.metrics import Metrics


def read(metrics: Metrics) -> dict[str, float]:
    """Samples by name and labels, as `name{label=value}`."""
    text = metrics.exposition().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        s.name + ("{" + ",".join(f"{k}={v}" for k, v in s.labels.items()) + "}" if s.labels else ""): s.value
        for s in samples
    }


def results(*statuses: str) -> list[Result]:
    return [Result(trial="1", status=Status(status)) for status in statuses]


def test_two_servers_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.claimed(3)
    assert read(first)["caviar_granted_trials_total"] == 3
    assert read(second)["caviar_granted_trials_total"] == 0


def test_a_claim_counts_itself_and_what_it_was_given() -> None:
    metrics = Metrics()
    metrics.claimed(0)
    metrics.claimed(16)
    found = read(metrics)
    assert (found["caviar_claims_total"], found["caviar_granted_trials_total"]) == (2, 16)


@pytest.mark.parametrize(
    ("name", "count"), [("caviar_report_items", Metrics.reported), ("caviar_finish_items", Metrics.finished)]
)
def test_items_are_counted_by_status_from_zero_on(name: str, count: object) -> None:
    metrics = Metrics()
    assert callable(count)
    count(metrics, results("ok", "ok", "lost"))
    found = read(metrics)
    counted = {status.value: found[f"{name}_total{{status={status}}}"] for status in Status}
    assert counted == {"ok": 2, "stop": 0, "lost": 1, "refused": 0}


def test_losses_plans_and_deletions_are_counted() -> None:
    metrics = Metrics()
    metrics.lost(2)
    metrics.planned(rounds=1, trials=8)
    metrics.plan_failed()
    metrics.dropped(500)
    found = read(metrics)
    assert found["caviar_lost_attempts_total"] == 2
    assert (found["caviar_planned_rounds_total"], found["caviar_planned_trials_total"]) == (1, 8)
    assert (found["caviar_plan_failures_total"], found["caviar_dropped_reports_total"]) == (1, 500)


def test_a_turn_leaves_the_time_at_which_it_ended() -> None:
    metrics = Metrics()
    assert read(metrics)["caviar_swept_timestamp_seconds"] == 0
    metrics.swept()
    metrics.turn_failed()
    found = read(metrics)
    assert found["caviar_swept_timestamp_seconds"] > 1.7e9
    assert (found["caviar_turns_total{outcome=ok}"], found["caviar_turns_total{outcome=failed}"]) == (1, 1)


def test_transactions_are_timed_even_when_they_fail() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="no"), metrics.transaction("write"):
        raise ValueError("no")
    metrics.committed(0.004)
    found = read(metrics)
    assert found["caviar_transaction_seconds_count{kind=write}"] == 1
    assert found["caviar_transaction_seconds_count{kind=read}"] == 0
    assert (found["caviar_commit_seconds_bucket{le=0.0025}"], found["caviar_commit_seconds_bucket{le=0.005}"]) == (0, 1)


def test_the_process_itself_is_watched() -> None:
    found = read(Metrics())
    assert found["caviar_process_resident_memory_bytes"] > 1e6
    assert found["caviar_process_open_fds"] > 2
