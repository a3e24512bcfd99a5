"""How long to wait before attempt n. Pure, and the same figures Celery's retry_backoff uses."""

RETRY_BACKOFF_S = 1
RETRY_BACKOFF_MAX_S = 60
CELERY_COUNTDOWN_MAX_S = 30.0
"""Longer waits are kept in the item's row: a message with a long countdown sits in one worker's memory."""


def ceiling_s(retries: int) -> float:
    """The most that Celery's full-jitter back-off can wait before retry number `retries` (0 = the first)."""
    return float(min(RETRY_BACKOFF_MAX_S, RETRY_BACKOFF_S * 2 ** min(retries, 16)))


def wait_for_429_s(asked_s: float, retries: int) -> float:
    """At least what the other side asked for, and more when it keeps refusing us."""
    floor = 0.0 if retries == 0 else ceiling_s(retries - 1)
    return max(asked_s, floor)
