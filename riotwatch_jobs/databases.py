"""What is particular about our database: telling an outage from a refusal, and transactions others wait for briefly."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction


def is_outage(problem: Exception) -> bool:
    """Whether the database is gone, so that the same may work later.

    A server that dies is not always told as OperationalError: a cut connection can be a bare DatabaseError.
    """
    return isinstance(problem, (OperationalError, InterfaceError)) or type(problem) is DatabaseError


class DatabaseGone(Exception):
    """The database was away: the message is to be delivered again."""


@contextmanager
def outages_told() -> Iterator[None]:
    """Every outage leaves the block as DatabaseGone; what the database refuses leaves it as it came."""
    try:
        yield
    except Exception as problem:
        if is_outage(problem):
            raise DatabaseGone(str(problem)) from problem
        raise


@contextmanager
def brief_transaction() -> Iterator[None]:
    """A transaction that ends where its process stands still in it for 3 s: what it locked, others need sooner.

    The process that goes on afterwards finds its connection closed (OperationalError), and nothing written.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '3s'")
        yield
