"""Searches, their rounds and trials, the leases and attempts of trials, and the workers that hold them."""

import sqlalchemy as sa
from alembic import op

from service.storage.types import Document, Instant, Key

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_claim")),
    )
    op.create_index("claim_age", "claim", ["claimed_at"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_id", Key, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("route", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "search",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("spec", Document, nullable=False),
        sa.Column("trainer", sa.Text(), nullable=False),
        sa.Column("dataset_name", sa.Text(), nullable=True),
        sa.Column("dataset_hash", sa.Text(), nullable=True),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("parallel", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("round_left", sa.Integer(), server_default="0", nullable=False),
        sa.Column("queued", sa.Integer(), server_default="0", nullable=False),
        sa.Column("running", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stopped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancelled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("best_trial", Key, nullable=True),
        sa.Column("best_score", sa.Double(), nullable=True),
        sa.Column("changes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ranking", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parent_search", Key, nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("deadline_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_search_finished_when_ended"),
        ),
        sa.CheckConstraint("next_number <= budget", name=op.f("ck_search_within_budget")),
        sa.ForeignKeyConstraint(
            ["parent_search"], ["search.id"], name=op.f("fk_search_parent_search_search"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "search_active",
        "search",
        ["trainer", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
        sqlite_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("features", Document, nullable=False),
        sa.Column("about", Document, nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
    )
    op.create_table(
        "offer",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("trainer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["worker"], ["worker.name"], name=op.f("fk_offer_worker_worker"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("worker", "trainer", name=op.f("pk_offer")),
    )
    op.create_table(
        "round",
        sa.Column("search_id", Key, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("best", Document, nullable=True),
        sa.Column("box", Document, nullable=False),
        sa.Column("state", Document, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["search_id"], ["search.id"], name=op.f("fk_round_search_id_search"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("search_id", "round", name=op.f("pk_round")),
    )
    op.create_table(
        "trial",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("search_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("parent_trial", Key, nullable=True),
        sa.Column("parent_step", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stack", sa.Text(), nullable=False),
        sa.Column("hyperparameters", Document, nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("available_at", Instant(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("diverged", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("metrics", Document, nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)", name=op.f("ck_trial_finished_when_ended")
        ),
        sa.CheckConstraint(
            "state NOT IN ('completed', 'stopped') OR score IS NOT NULL", name=op.f("ck_trial_ranked_with_score")
        ),
        sa.ForeignKeyConstraint(
            ["parent_trial"], ["trial.id"], name=op.f("fk_trial_parent_trial_trial"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["search_id"], ["search.id"], name=op.f("fk_trial_search_id_search"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("search_id", "number", name=op.f("uq_trial_search_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "trial_open",
        "trial",
        ["search_id", "round"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
        sqlite_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "trial_parent",
        "trial",
        ["parent_trial"],
        unique=False,
        postgresql_where=sa.text("parent_trial IS NOT NULL"),
        sqlite_where=sa.text("parent_trial IS NOT NULL"),
    )
    op.create_index(
        "trial_queued",
        "trial",
        ["search_id", "number"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
        sqlite_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "trial_ranked",
        "trial",
        ["search_id", "diverged", "score", "number"],
        unique=False,
        postgresql_where=sa.text("state IN ('completed', 'stopped')"),
        sqlite_where=sa.text("state IN ('completed', 'stopped')"),
    )
    op.create_table(
        "attempt",
        sa.Column("trial_id", Key, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim_key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("finish_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("resumed_from_attempt", sa.Integer(), nullable=True),
        sa.Column("resumed_from_step", sa.BigInteger(), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_attempt_trial_id_trial"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("trial_id", "attempt", name=op.f("pk_attempt")),
    )
    op.create_index("attempt_claim", "attempt", ["claim_key_hash", "trial_id"], unique=True)
    op.create_index(
        "attempt_one_result",
        "attempt",
        ["trial_id"],
        unique=True,
        postgresql_where=sa.text("outcome IN ('completed', 'stopped')"),
        sqlite_where=sa.text("outcome IN ('completed', 'stopped')"),
    )
    op.create_index(
        "attempt_one_running",
        "attempt",
        ["trial_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'running'"),
        sqlite_where=sa.text("outcome = 'running'"),
    )
    op.create_table(
        "lease",
        sa.Column("trial_id", Key, autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.Column("beat_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_lease_trial_id_trial"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_lease")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "report",
        sa.Column("trial_id", Key, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("metrics", Document, nullable=False),
        sa.Column("reported_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_report_trial_id_trial"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("trial_id", "attempt", "step", name=op.f("pk_report")),
        sqlite_with_rowid=False,
    )
