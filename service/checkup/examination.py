"""All checks in the order in which one would ask: the place, the server, the database, who works, what waits."""

from collections.abc import Iterator

import httpx

from caviar.errors import StoreRefused
from caviar.settings import Settings
from service.checkup import place, server, store
from service.checkup.findings import Finding, Level, problem, warning
from service.storage.visiting import file_of, visit


def examine(settings: Settings) -> Iterator[Finding]:
    """Each as soon as it is found. Raises StoreRefused for a database URL that is none."""
    url = settings.url.rstrip("/")
    file = file_of(settings.store_url)
    if file is not None:
        yield from place.check(file)
    answer = server.answers(url)
    yield from server.check(url, answer, lease_ttl=settings.lease_ttl)
    if file is not None and not file.exists():
        advice = "caviar serve makes one; if there should be one, say where: CAVIAR_DATA_DIR, CAVIAR_DATABASE_URL"
        yield warning("database", f"there is no database at {file} yet", advice)
        return
    try:
        yield from _visited(settings, answer)
    except StoreRefused as refusal:
        advice = "check CAVIAR_DATABASE_URL, and that the database server runs and lets this machine in"
        yield problem("database", refusal.detail, advice)


def _visited(settings: Settings, answer: httpx.Response | None) -> Iterator[Finding]:
    is_served, lease_ttl = server.is_caviar(answer), settings.lease_ttl
    with visit(settings.store_url) as tx:
        yield from store.check(tx)
        found = store.schema(tx)
        yield found
        yield from store.clock(tx, lease_ttl=lease_ttl)
        if found.level is not Level.OK:
            return
        yield from store.crew(tx, lease_ttl=lease_ttl, is_served=is_served)
        if is_served:
            yield from store.unoffered(tx, lease_ttl=lease_ttl)
        stuck = store.stuck(tx)
    if stuck and is_served:
        store.wait_for_a_turn(lease_ttl)
        with visit(settings.store_url) as tx:
            stuck &= store.stuck(tx)
    yield store.standing_still(stuck, is_served=is_served)
