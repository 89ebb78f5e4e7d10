"""What stopping rules decide on and decide; hints of rounds; what a search starts with and how much was enqueued."""

import sqlalchemy as sa
from alembic import op

from service.storage.types import Document, Key

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Appended as plain columns, never in a batch: that would copy the whole table on SQLite.
    op.add_column("search", sa.Column("start", Document, nullable=True))
    op.add_column("search", sa.Column("enqueued", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("round", sa.Column("cutoffs", Document, nullable=True))
    op.add_column("round", sa.Column("hints", Document, nullable=True))
    op.add_column("trial", sa.Column("stopped_step", sa.BigInteger(), nullable=True))
    op.add_column("trial", sa.Column("verdict", sa.Text(), nullable=True))
    op.create_table(
        "rung",
        sa.Column("trial_id", Key, nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("search_id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["search_id"], ["search.id"], name=op.f("fk_rung_search_id_search"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_rung_trial_id_trial"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("trial_id", "step", name=op.f("pk_rung")),
        sqlite_with_rowid=False,
    )
    op.create_index("rung_entries", "rung", ["search_id", "step", "number", "round", "score"], unique=False)
