"""Which trials set a new best when they finished: the line of a search's history is drawn from them alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_RECORDS = """
UPDATE trial SET is_record = {true} WHERE id IN (
    SELECT id FROM (
        SELECT id, score, min(score) OVER (
            PARTITION BY search_id ORDER BY finished_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS best FROM trial WHERE state IN ('completed', 'stopped') AND NOT diverged
    ) AS ranked WHERE best IS NULL OR score < best
)
"""


def upgrade() -> None:
    # Not in a batch, which would copy the whole table on SQLite.
    op.add_column("trial", sa.Column("is_record", sa.Boolean(), nullable=False, server_default=sa.false()))
    is_postgres = op.get_context().dialect.name == "postgresql"
    op.execute(_RECORDS.format(true="true" if is_postgres else "1"))
    op.create_index(
        "trial_record",
        "trial",
        ["search_id", "number"],
        unique=False,
        postgresql_where=sa.text("is_record IS true"),
        sqlite_where=sa.text("is_record IS 1"),
    )
