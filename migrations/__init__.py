"""One Alembic history for SQLite and Postgres. `caviar db upgrade` and every server start run it on an older schema."""
