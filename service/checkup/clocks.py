"""How far a clock may be from this machine's."""

from datetime import timedelta

from service.checkup.findings import Finding, ok, problem, warning

SYNCHRONISE = "synchronise the clocks with NTP"


def difference(whose: str, ahead: timedelta, *, exact: timedelta, lease_ttl: timedelta) -> Finding:
    """`exact`: differences below this are the measurement's own.

    One server's clock decides on its leases, so a wrong clock alone costs no trial. Several servers on one database
    would take trials from each other's workers once they differ by about a lease.
    """
    seconds = ahead.total_seconds()
    if abs(ahead) <= exact:
        return ok("clock", f"{whose} and this machine's agree within {exact.total_seconds():g} s")
    said = f"{whose} is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    if abs(ahead) > lease_ttl / 2:
        return problem("clock", f"{said}: servers that differ so much end each other's leases", SYNCHRONISE)
    return warning("clock", said, SYNCHRONISE)
