"""A strict fake of Riot's edge: counts every arrival in windows of three kinds and refuses what is over the limit."""

import json
import random
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Limits = tuple[tuple[int, float], ...]
"""(number of requests, seconds)"""


@dataclass
class Window:
    """Counts arrivals of one window; a refused arrival counts too."""

    seconds: float
    kind: str
    """fixed (starts at the first arrival), sliding, or aligned (starts at multiples of its length)."""
    times: deque[float] = field(default_factory=deque)
    began: float = -1e9

    def arrive(self, now: float) -> int:
        """Count one arrival; returns the count with it."""
        if self.kind == "sliding":
            while self.times and self.times[0] <= now - self.seconds:
                self.times.popleft()
        elif now >= self.began + self.seconds:
            self.began = now if self.kind == "fixed" else now // self.seconds * self.seconds
            self.times.clear()
        self.times.append(now)
        return len(self.times)


@dataclass(frozen=True)
class Scripted:
    """An answer given instead of the usual one."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    fault: str = ""
    """drop: hang up unanswered; half: hang up amid the body; stall: stop amid the body; trickle: a byte at a time."""
    limit_headers: bool = True


BODIES: dict[str, object] = {
    "account-v1.by-riot-id": {"puuid": "p-1", "gameName": "Anna", "tagLine": "EUW"},
    "account-v1.by-puuid": {"puuid": "p-1", "gameName": "Anna", "tagLine": "EUW"},
    "summoner-v4.by-puuid": {"puuid": "p-1", "profileIconId": 7, "revisionDate": 1700000000000, "summonerLevel": 99},
    "match-v5.ids": ["EUW1_2", "EUW1_1"],
    "match-v5.match": {"metadata": {"matchId": "EUW1_1"}, "info": {}},
    "league-v4.entries-by-puuid": [],
    "lol-status-v4.platform-data": {"id": "EUW1", "name": "EU West", "maintenances": [], "incidents": []},
}


def endpoint_of(path: str) -> str:
    """Which method a path asks for."""
    if "/by-riot-id/" in path:
        return "account-v1.by-riot-id"
    if "/accounts/by-puuid/" in path:
        return "account-v1.by-puuid"
    if "/summoners/" in path:
        return "summoner-v4.by-puuid"
    if path.endswith("/ids"):
        return "match-v5.ids"
    if "/entries/" in path:
        return "league-v4.entries-by-puuid"
    return "lol-status-v4.platform-data" if "/status/" in path else "match-v5.match"


class Edge:
    """Serves `http://127.0.0.1:PORT/{host}/…`; the books are open to the test."""

    def __init__(
        self,
        app: Limits = ((20, 1), (100, 10)),
        method: Limits = ((2000, 10),),
        *,
        kind: str = "sliding",
        latency_s: float = 0.01,
        jitter_s: float = 0.0,
        late_share: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.app, self.method, self.kind = app, method, kind
        self.latency_s, self.jitter_s, self.late_share = latency_s, jitter_s, late_share
        self.random = random.Random(seed)
        self.statuses: Counter[int] = Counter()
        self.refusals: Counter[str] = Counter()
        self.arrivals: list[tuple[float, str]] = []
        self.requests: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.script: deque[Scripted] = deque()
        self.muted: set[str] = set()
        self.reverse_windows = False
        self.keep_requests = True
        self._windows: dict[tuple[str, str, float], Window] = {}
        self._lock = threading.Lock()
        self._server = _Server(self)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{{host}}"

    @property
    def connections(self) -> int:
        return self._server.accepted

    def foreign_use(self, host: str, requests: int) -> None:
        """Somebody else uses the key."""
        for _ in range(requests):
            self._count(host, "another.method", time.monotonic())

    def travel_s(self) -> float:
        """Time of one way; a late share takes five times as long."""
        way = max(0.0, self.random.gauss(self.latency_s, self.jitter_s)) / 2
        return way * 5 if self.random.random() < self.late_share else way

    def arrive(self, host: str, endpoint: str) -> tuple[str | None, float, dict[str, str]]:
        """Count a request: whose limit refuses it, for how long, and the headers of the answer."""
        with self._lock:
            now = time.monotonic()
            self.arrivals.append((now, host))
            counts = self._count(host, endpoint, now)
            scopes = {"application": self.app, "method": self.method}
            for scope, limits in scopes.items():
                over = [w for (n, w), count in zip(limits, counts[scope], strict=True) if count > n]
                if over:
                    self.refusals[scope] += 1
                    return scope, max(over), self._headers(counts)
            return None, 0.0, self._headers(counts)

    def _count(self, host: str, endpoint: str, now: float) -> dict[str, list[int]]:
        return {
            "application": [self._window(host, "app", w).arrive(now) for _, w in self.app],
            "method": [self._window(host, endpoint, w).arrive(now) for _, w in self.method],
        }

    def _window(self, host: str, scope: str, seconds: float) -> Window:
        return self._windows.setdefault((host, scope, seconds), Window(seconds, self.kind))

    def _headers(self, counts: dict[str, list[int]]) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, limits, used in (("App", self.app, "application"), ("Method", self.method, "method")):
            order = -1 if self.reverse_windows else 1
            pairs = list(zip(limits, counts[used], strict=True))[::order]
            headers[f"X-{name}-Rate-Limit"] = ",".join(f"{n}:{w:g}" for (n, w), _ in pairs)
            headers[f"X-{name}-Rate-Limit-Count"] = ",".join(f"{count}:{w:g}" for (_, w), count in pairs)
        return {name: value for name, value in headers.items() if name not in self.muted and value}

    def most_arrivals_within(self, seconds: float, host: str) -> int:
        """The largest number of arrivals in any half-open interval of that length."""
        window: deque[float] = deque()
        most = 0
        for at, where in self.arrivals:
            if where == host:
                window.append(at)
                while window[0] <= at - seconds:
                    window.popleft()
                most = max(most, len(window))
        return most

    def close(self) -> None:
        self._server.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, edge: Edge) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.edge = edge
        self.accepted = 0
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self.accepted += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        edge = self.server.edge
        parts = urlsplit(self.path)
        _, host, path = parts.path.split("/", 2)
        endpoint = endpoint_of(path)
        if edge.keep_requests:
            edge.requests.append((parts.path, parse_qs(parts.query), dict(self.headers.items())))
        time.sleep(edge.travel_s())
        refused_by, window_s, headers = edge.arrive(host, endpoint)
        time.sleep(edge.travel_s())
        scripted = edge.script.popleft() if edge.script else None
        if refused_by:
            headers |= {"X-Rate-Limit-Type": refused_by, "Retry-After": str(int(window_s) or 1)}
            self._answer(429, headers, b'{"status":{"message":"Rate limit exceeded","status_code":429}}')
        elif scripted:
            self._perform(scripted, headers)
        else:
            self._answer(200, headers, json.dumps(BODIES[endpoint]).encode())

    def _perform(self, scripted: Scripted, headers: dict[str, str]) -> None:
        headers = (headers if scripted.limit_headers else {}) | scripted.headers
        if scripted.fault == "drop":
            self.close_connection = True
        elif scripted.fault:
            self._answer_badly(scripted, headers)
        else:
            self._answer(scripted.status, headers, scripted.body)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.server.edge.statuses[status] += 1
        self._head(status, headers, len(body))
        self.wfile.write(body)

    def _answer_badly(self, scripted: Scripted, headers: dict[str, str]) -> None:
        self.close_connection = True
        self._head(scripted.status, headers, 1000)
        self.wfile.write(b"{")
        self.wfile.flush()
        if scripted.fault == "stall":
            self.server.stopping.wait(10)
        while scripted.fault == "trickle" and not self.server.stopping.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json;charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving(edge: Edge) -> Iterator[Edge]:
    """Close it, whatever happens."""
    try:
        yield edge
    finally:
        edge.close()
