"""A search's spec has a table of its own, so that its row is narrow; the attempts alone know a claim's key."""

import sqlalchemy as sa
from alembic import op

from service.storage.types import Document, Key

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "spec",
        sa.Column("search_id", Key, autoincrement=False, nullable=False),
        sa.Column("document", Document, nullable=False),
        sa.ForeignKeyConstraint(
            ["search_id"], ["search.id"], name=op.f("fk_spec_search_id_search"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("search_id", name=op.f("pk_spec")),
    )
    op.execute("INSERT INTO spec (search_id, document) SELECT id, spec FROM search")
    # Not in a batch, which would copy the whole table on SQLite.
    op.drop_column("search", "spec")
    op.drop_table("claim")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE search SET (fillfactor = 50)")
        for table in ("trial", "attempt"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02)")
