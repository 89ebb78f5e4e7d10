"""One Alembic history for SQLite and Postgres. `caviar db upgrade` and every server start run what an older schema lacks."""
