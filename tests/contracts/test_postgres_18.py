"""The other PostgreSQL that is supported, beside 16: what matters most, in one test that starts a server of its own."""

from contextlib import closing
from pathlib import Path

from service.storage.database import Database
from service.storage.migrate import REVISION, upgrade
from tests.contracts.test_queue_model import playing
from tests.postgres import running_postgres
from tests.service.audit import audit
from tests.service.desk import Desk
from tests.service.storage.test_upgrades import at_revision


def test_an_old_store_is_upgraded_and_the_queue_does_what_its_model_does(tmp_path: Path) -> None:
    with running_postgres(18) as server, server.database() as name:
        url = server.url(name)
        at_revision(url, "0001")
        assert upgrade(url) == REVISION
        with closing(Database(url)) as database:
            with database.read() as tx:
                assert str(tx.exec_driver_sql("SHOW server_version").scalar()).startswith("18")
            assert len(Desk(database).trials(7)) == 3
            audit(database)
            with playing(database, tmp_path) as play:
                play(examples=5, seed=18)
