"""One HTTP request to Riot: sent at most once, answered completely within a deadline, or failed."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from riotwatch_players.riot.errors import NetworkTrouble, UnexpectedAnswer

CONNECT_TIMEOUT_S = 4.0
LARGEST_BODY_BYTES = 32 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_POOLED_CONNECTIONS = 32
"""Per host; more than the threads of one process, so that no thread throws its connection away."""

_KEY_HEADER = "X-Riot-Token"


@dataclass(frozen=True)
class Call:
    """What to ask, and of whom."""

    host: str
    """Platform or region in lower case."""
    endpoint: str
    """The method as budgets and logs know it, such as `match-v5.match`; free of ids."""
    path: str
    """Quoted; may hold a puuid, so it never goes into a text."""
    params: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Session(requests.Session):
    """A redirect would be a second request, outside the budget and carrying the key: there are none."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class Transport:
    """Pooled connections to every host; safe for many threads."""

    def __init__(self, api_url: str, key: str, *, timeout_s: float) -> None:
        """`api_url` is a template with `{host}`; raises ValueError for a key that no header can carry."""
        if not key.isascii() or not key.isprintable() or key != key.strip():
            raise ValueError("the Riot API key holds characters that no HTTP header can carry")
        self._api_url = api_url.rstrip("/")
        self._headers = {_KEY_HEADER: key, "Accept": "application/json", "User-Agent": "riotwatch"}
        self._timeout_s = timeout_s
        self._session = _new_session()

    def get(self, call: Call, *, within_s: float) -> Answer:
        """Send once and be done `within_s`, or within the timeout if that is shorter.

        Raises NetworkTrouble, or UnexpectedAnswer for a body beyond all reason.
        """
        try:
            return self._get(call, timeout_s=min(within_s, self._timeout_s))
        except requests.exceptions.ConnectTimeout:
            trouble = NetworkTrouble(endpoint=call.endpoint, host=call.host, detail="ConnectTimeout", sent=False)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            trouble = NetworkTrouble(
                endpoint=call.endpoint, host=call.host, detail=type(error).__name__, sent=not _never_sent(error)
            )
        # Raised out here because the library's own error, whose text holds the URL, would stay attached in there.
        raise trouble

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _get(self, call: Call, *, timeout_s: float) -> Answer:
        deadline = time.monotonic() + timeout_s
        url = self._api_url.replace("{host}", call.host) + call.path
        with self._session.get(
            url,
            params=dict(call.params),
            headers=self._headers,
            timeout=(min(CONNECT_TIMEOUT_S, timeout_s), timeout_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            return Answer(response.status_code, response.headers, _read_body(call, response, deadline=deadline))


def _read_body(call: Call, response: requests.Response, *, deadline: float) -> bytes:
    """Read piece by piece as it arrives: neither a trickle nor a flood may keep a thread for good."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_BODY_BYTES:
            raise UnexpectedAnswer(
                endpoint=call.endpoint, host=call.host, status=response.status_code, detail="endless body"
            )
        if time.monotonic() > deadline:
            raise requests.exceptions.Timeout
    return b"".join(pieces)


def _never_sent(error: Exception) -> bool:
    """True only when no connection came about."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError)


def _new_session() -> requests.Session:
    session = _Session()
    # Proxies and .netrc of the environment have no say in where the key goes.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # max_retries=0: a request sent again behind our back is one the budget does not know.
    adapter = HTTPAdapter(pool_connections=_POOLED_CONNECTIONS, pool_maxsize=_POOLED_CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # At DEBUG this logger writes every path, and paths hold puuids.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    return session
