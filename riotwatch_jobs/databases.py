"""Telling a database that is away from one that refuses what it was asked."""

from django.db import DatabaseError, InterfaceError, OperationalError


def is_outage(problem: Exception) -> bool:
    """Whether the database is gone, so that the same may work later.

    A server that dies is not always told as OperationalError: a cut connection can be a bare DatabaseError.
    """
    return isinstance(problem, (OperationalError, InterfaceError)) or type(problem) is DatabaseError
