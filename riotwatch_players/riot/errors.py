"""What can go wrong between riotwatch and Riot: one class per meaning.

Neither the key nor a puuid is ever part of an error: its facts are the endpoint, the host and the status.
"""

from typing import Any


class RiotError(Exception):
    """Base of every error of a call to Riot."""

    meaning = "the call to Riot failed"

    def __init__(self, *, endpoint: str, host: str, status: int | None = None, detail: str = "") -> None:
        """Keep the facts; `detail` must hold no id and no key, for it ends up in logs."""
        self.endpoint = endpoint
        self.host = host
        self.status = status
        self.detail = detail
        super().__init__(endpoint, host, status, detail)

    def __str__(self) -> str:
        """Say what happened, where, and with which status."""
        status = f" (status {self.status})" if self.status is not None else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.endpoint} on {self.host}: {self.meaning}{status}{detail}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pass between processes: pickling an exception otherwise calls its class with positional facts."""
        return _revive, (type(self), dict(self.__dict__))


def _revive(kind: type[RiotError], facts: dict[str, Any]) -> RiotError:
    error = kind.__new__(kind)
    error.__dict__.update(facts)
    return error


class BadRequest(RiotError):
    """400: the request itself is wrong; asking again is useless."""

    meaning = "Riot calls the request malformed"


class ForeignId(BadRequest):
    """400 "Exception decrypting": the id was made for another application's key."""

    meaning = "the id belongs to another application"


class KeyRefused(RiotError):
    """401 or 403: the key is unknown, expired or not entitled, or the endpoint was removed."""

    meaning = "the key was refused"


class NotFound(RiotError):
    """404: not resolvable now. A single one says nothing about a ban."""

    meaning = "nothing was found"


class RateLimited(RiotError):
    """429: somebody's limit was reached; `kind` says whose."""

    meaning = "rate limited"

    def __init__(
        self, *, endpoint: str, host: str, kind: str | None, retry_after_s: float | None, wait_s: float
    ) -> None:
        """Keep Riot's word (`kind`, `retry_after_s`; None when the header was absent) and the wait that follows."""
        super().__init__(endpoint=endpoint, host=host, status=429, detail=f"{kind or 'service'}, wait {wait_s:.1f} s")
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.wait_s = wait_s


class ServerTrouble(RiotError):
    """5xx: trouble on Riot's side; worth another try later."""

    meaning = "Riot's server is in trouble"


class NetworkTrouble(RiotError):
    """No complete answer: refused, dropped half-way, or too slow."""

    meaning = "no complete answer arrived"

    def __init__(self, *, endpoint: str, host: str, detail: str, sent: bool) -> None:
        """`sent` is False only when it is certain that Riot never saw the request."""
        super().__init__(endpoint=endpoint, host=host, detail=detail)
        self.sent = sent


class UnexpectedAnswer(RiotError):
    """A status nobody documents, or a 200 whose body is not what the endpoint promises."""

    meaning = "the answer makes no sense"


class BudgetWait(RiotError):
    """The key's budget says: not for another `seconds`. Nothing was sent and nothing is held."""

    meaning = "the budget is used up"

    def __init__(self, *, endpoint: str, host: str, seconds: float) -> None:
        """`seconds` is the wait until asking again makes sense."""
        super().__init__(endpoint=endpoint, host=host, detail=f"wait {seconds:.1f} s")
        self.seconds = seconds


class BudgetUnavailable(RiotError):
    """Redis cannot be asked for the budget, so nothing may be sent."""

    meaning = "the shared budget cannot be reached"
