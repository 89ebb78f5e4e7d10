"""The schema, written once for SQLite and Postgres. migrations/ builds it; a test compares the two.

Four temperatures: `search` and `lease` are narrow and hot, `trial` is wide and cold, `attempt`, `report` and `rung` are
appended, `spec` never changes. That a trial has one holder and one result is a matter of keys, not of code.
"""

from enum import StrEnum

import sqlalchemy as sa

from caviar.states import OPEN_STATES, RANKED_STATES, SearchState, TrialState
from service.storage.types import Document, Instant, Key

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = sa.MetaData(naming_convention=_NAMING)
_GROWING = {"fillfactor": 85, "autovacuum_vacuum_scale_factor": 0.02}
"""Of tables with millions of rows, of which Postgres would otherwise tidy up a fifth at a time."""


def _literal(state: StrEnum) -> sa.ColumnElement[str]:
    """A state in the text of a condition: a database matches a query to a partial index by text, not by parameters."""
    return sa.literal_column(f"'{state}'")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


search = sa.Table(
    "search",
    metadata,
    sa.Column("id", Key, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("trainer", sa.Text, nullable=False),
    sa.Column("dataset_name", sa.Text),
    sa.Column("dataset_hash", sa.Text),
    sa.Column("budget", sa.Integer, nullable=False),
    sa.Column("parallel", sa.Integer, nullable=False),
    sa.Column("next_number", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_round", sa.Integer, nullable=False, server_default="0"),
    # How many trials of the newest round are still to be drawn.
    sa.Column("round_left", sa.Integer, nullable=False, server_default="0"),
    # Kept as trials change state, so that nobody counts rows.
    _count("queued"),
    _count("running"),
    _count("completed"),
    _count("stopped"),
    _count("failed"),
    _count("cancelled"),
    sa.Column("best_trial", Key),
    sa.Column("best_score", sa.Double),
    # Raised with every change of the search, in that change's own transaction.
    sa.Column("changes", sa.BigInteger, nullable=False, server_default="0"),
    # Raised when the leaderboard changes: its ETag.
    sa.Column("ranking", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("parent_search", Key, sa.ForeignKey("search.id", ondelete="SET NULL")),
    sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("deadline_at", Instant),
    sa.Column("finished_at", Instant),
    # Hyperparameters that are enqueued first.
    sa.Column("start", Document),
    # How many of its numbers went to trials of a user's own choice.
    _count("enqueued"),
    sa.CheckConstraint(
        "(state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished_when_ended"
    ),
    sa.CheckConstraint("next_number <= budget", name="within_budget"),
    sqlite_autoincrement=True,
    # Every change of a trial writes this row anew: Postgres does it in place while a page has room.
    postgresql_with={"fillfactor": 50},
)
is_active = search.c.state == _literal(SearchState.ACTIVE)
sa.Index("search_active", search.c.trainer, search.c.id, postgresql_where=is_active, sqlite_where=is_active)

# Apart from the search's row, which is hot: it never changes.
spec = sa.Table(
    "spec",
    metadata,
    sa.Column("search_id", Key, sa.ForeignKey("search.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("document", Document, nullable=False),
)

trial = sa.Table(
    "trial",
    metadata,
    sa.Column("id", Key, primary_key=True, autoincrement=True),
    sa.Column("search_id", Key, sa.ForeignKey("search.id", ondelete="CASCADE"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("parent_trial", Key, sa.ForeignKey("trial.id", ondelete="SET NULL")),
    sa.Column("parent_step", sa.BigInteger),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("stack", sa.Text, nullable=False),
    sa.Column("hyperparameters", Document, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("available_at", Instant, nullable=False),
    # The fence: raised by every claim, never lowered.
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lost_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("value", sa.Double),
    # The value with its sign such that lower is better; 0 where it diverged, which sorts apart.
    sa.Column("score", sa.Double),
    sa.Column("diverged", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("metrics", Document, nullable=False),
    sa.Column("error_code", sa.Text),
    sa.Column("error_detail", sa.Text),
    sa.Column("created_by", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    # Where a stopping rule ended it, and why, in a sentence.
    sa.Column("stopped_step", sa.BigInteger),
    sa.Column("verdict", sa.Text),
    # Whether its value was the search's best when it came.
    sa.Column("is_record", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("search_id", "number"),
    sa.CheckConstraint("(state IN ('queued', 'running')) = (finished_at IS NULL)", name="finished_when_ended"),
    sa.CheckConstraint("state NOT IN ('completed', 'stopped') OR score IS NOT NULL", name="ranked_with_score"),
    sqlite_autoincrement=True,
    postgresql_with=_GROWING,
)


is_queued = trial.c.state == _literal(TrialState.QUEUED)
is_open = trial.c.state.in_([_literal(state) for state in sorted(OPEN_STATES)])
is_ranked = trial.c.state.in_([_literal(state) for state in sorted(RANKED_STATES)])
sa.Index("trial_queued", trial.c.search_id, trial.c.number, postgresql_where=is_queued, sqlite_where=is_queued)
sa.Index("trial_open", trial.c.search_id, trial.c.round, postgresql_where=is_open, sqlite_where=is_open)
sa.Index("trial_ranked", trial.c.search_id, trial.c.diverged, trial.c.score, trial.c.number,
         postgresql_where=is_ranked, sqlite_where=is_ranked)  # fmt: skip
is_record = trial.c.is_record.is_(sa.true())
sa.Index("trial_record", trial.c.search_id, trial.c.number, postgresql_where=is_record, sqlite_where=is_record)
_has_parent = trial.c.parent_trial.is_not(None)
sa.Index("trial_parent", trial.c.parent_trial, postgresql_where=_has_parent, sqlite_where=_has_parent)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("trial_id", Key, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("granted_at", Instant, nullable=False),
    sa.Column("beat_at", Instant, nullable=False),
    # Not indexed: there are as many rows as trials run at once, and Postgres then renews a lease in place.
    sa.Column("expires_at", Instant, nullable=False),
    postgresql_with={"fillfactor": 50},
)

attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("trial_id", Key, sa.ForeignKey("trial.id", ondelete="CASCADE"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("claim_key_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("finish_hash", sa.LargeBinary(32)),
    sa.Column("last_step", sa.BigInteger),
    sa.Column("resumed_from_attempt", sa.Integer),
    sa.Column("resumed_from_step", sa.BigInteger),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.PrimaryKeyConstraint("trial_id", "attempt"),
    postgresql_with=_GROWING,
)
sa.Index("attempt_claim", attempt.c.claim_key_hash, attempt.c.trial_id, unique=True)
_is_running = attempt.c.outcome == "running"
_is_result = attempt.c.outcome.in_(["completed", "stopped"])
sa.Index("attempt_one_running", attempt.c.trial_id, unique=True, postgresql_where=_is_running, sqlite_where=_is_running)
sa.Index("attempt_one_result", attempt.c.trial_id, unique=True, postgresql_where=_is_result, sqlite_where=_is_result)

report = sa.Table(
    "report",
    metadata,
    sa.Column("trial_id", Key, sa.ForeignKey("trial.id", ondelete="CASCADE"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("metrics", Document, nullable=False),
    sa.Column("reported_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("trial_id", "attempt", "step"),
    sqlite_with_rowid=False,
)

round_ = sa.Table(
    "round",
    metadata,
    sa.Column("search_id", Key, sa.ForeignKey("search.id", ondelete="CASCADE"), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("first", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("best", Document),
    sa.Column("box", Document, nullable=False),
    # What the sampler needs to draw this round's trials: plain numbers, no pickle.
    sa.Column("state", Document, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    # What a stopping rule holds the round's trials against: by rung, the worst score that goes on.
    sa.Column("cutoffs", Document),
    # What a user may want to change, in sentences.
    sa.Column("hints", Document),
    sa.PrimaryKeyConstraint("search_id", "round"),
)

rung = sa.Table(
    "rung",
    metadata,
    sa.Column("trial_id", Key, sa.ForeignKey("trial.id", ondelete="CASCADE"), nullable=False),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("search_id", Key, sa.ForeignKey("search.id", ondelete="CASCADE"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    # Lower is better; null where the metric was not finite, which is the worst.
    sa.Column("score", sa.Double),
    sa.PrimaryKeyConstraint("trial_id", "step"),
    sqlite_with_rowid=False,
)
# Holds all that a round's cutoffs are taken from, so that the rows themselves are not read.
sa.Index("rung_entries", rung.c.search_id, rung.c.step, rung.c.number, rung.c.round, rung.c.score)

worker = sa.Table(
    "worker",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("features", Document, nullable=False),
    sa.Column("about", Document, nullable=False),
    sa.Column("first_seen_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)

offer = sa.Table(
    "offer",
    metadata,
    sa.Column("worker", sa.Text, sa.ForeignKey("worker.name", ondelete="CASCADE"), nullable=False),
    sa.Column("trainer", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("worker", "trainer"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("created_id", Key, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("route", "key"),
)
