"""When a request is sent again: which may be, after which pause, and until when."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


class Again(Enum):
    """What may be done about a request that got no answer, or the answer that the server cannot answer now."""

    ALWAYS = auto()
    """It reads, or doing it twice does it once: it bears a key, or says what is to be rather than what is to change."""
    IF_UNSENT = auto()
    """Twice would be an error, such as cancelling what is cancelled: only if it cannot have arrived."""


def pause_after(failures: int) -> float:
    """Seconds until the next try: doubling, with a jitter that keeps many clients from coming back in step."""
    return min(FIRST_PAUSE * 2.0 ** min(failures, 10), LONGEST_PAUSE) * random.uniform(0.5, 1.0)


def retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, by number or date (RFC 9110, 10.2.3); None where it is neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max((at - (now or datetime.now(UTC))).total_seconds(), 0.0) if at.tzinfo else None
