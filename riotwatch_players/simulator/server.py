"""The HTTP server: one thread, one event loop, so that limits are counted exactly without locks."""

import asyncio
import ipaddress
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Final

import structlog
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine, format_timestamp
from tornado.netutil import bind_sockets

from riotwatch_players.simulator.app import App, Manner, Options, Reply, Request
from riotwatch_players.simulator.control import PREFIX, control
from riotwatch_players.simulator.world import World

log = structlog.stdlib.get_logger(__name__)

LOOPBACK: Final = "127.0.0.1"
_STOP_S: Final = 10.0


class NotLoopback(ValueError):
    """The simulator listens on loopback only; nothing about it is protected."""

    def __init__(self, address: str) -> None:
        super().__init__(f"the simulator listens on loopback addresses only, not on {address}")
        self.address = address


class RunningSimulator:
    """A simulator that serves from a thread of its own until it is stopped; also a context manager.

    Its world belongs to that thread: what others read of it should be what never changes (people, truth, showcase).
    """

    def __init__(self, app: App, *, address: str, port: int) -> None:
        """Bind and serve. Raises NotLoopback, and OSError where the port is taken."""
        _require_loopback(address)
        self.world = app.world
        self._sockets = bind_sockets(port, address)
        self.port: int = self._sockets[0].getsockname()[1]
        shown = f"[{address}]" if ":" in address else address
        self.url = f"http://{shown}:{self.port}/{{host}}"
        """Template of the base address; `{host}` is a platform or region."""
        self.control = f"http://{shown}:{self.port}{PREFIX.rstrip('/')}"
        """Base address of the control."""
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(_Handler(app),), name="riot-simulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and end the thread; a second call does nothing."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_STOP_S)
        self._loop.close()

    def __enter__(self) -> "RunningSimulator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, handler: "_Handler") -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(handler))

    async def _serve(self, handler: "_Handler") -> None:
        server = HTTPServer(handler)
        server.add_sockets(self._sockets)
        await self._stopped.wait()
        server.stop()
        handler.cancel()
        await server.close_all_connections()


def serve(
    world: World,
    *,
    port: int = 0,
    address: str = LOOPBACK,
    options: Options | None = None,
    wall: Callable[[], float] = time.time,
) -> RunningSimulator:
    """Serve a world; port 0 takes a free one. `wall` is the real time in epoch seconds.

    Raises NotLoopback for an address that others can reach, OSError where the port is taken.
    """
    return RunningSimulator(App(world, options or Options(), wall=wall), address=address, port=port)


def _require_loopback(address: str) -> None:
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopback(address)


class _Handler:
    """Turns Tornado's requests into the application's and sends its replies."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pending: set[asyncio.Task[None]] = set()

    def __call__(self, request: HTTPServerRequest) -> None:
        reply = self._control(request) if request.path.startswith(PREFIX) else self._data(request)
        if not reply.delay_s:
            _send(request, reply)
            return
        task = asyncio.get_running_loop().create_task(_send_after(request, reply))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def cancel(self) -> None:
        """Forget what waits to be sent."""
        for task in self._pending:
            task.cancel()

    def _data(self, request: HTTPServerRequest) -> Reply:
        query = _query(request)
        return self._app.reply(Request(request.method or "", request.path, query, request.headers.get("X-Riot-Token")))

    def _control(self, request: HTTPServerRequest) -> Reply:
        if "Origin" in request.headers:  # a web page, not one of ours
            return Reply(403, {}, b"")
        return control(self._app, request.method or "", request.path, query=_query(request), body=request.body)


def _query(request: HTTPServerRequest) -> dict[str, str]:
    return {name: values[-1].decode("utf-8", "replace") for name, values in request.arguments.items()}


async def _send_after(request: HTTPServerRequest, reply: Reply) -> None:
    await asyncio.sleep(reply.delay_s)
    _send(request, reply)


def _send(request: HTTPServerRequest, reply: Reply) -> None:
    connection = request.connection
    assert isinstance(connection, HTTP1Connection)  # noqa: S101 - the only kind an HTTPServer makes
    if connection.stream.closed():
        return
    if reply.manner is Manner.HANG:
        connection.stream.close()
        return
    headers = HTTPHeaders(
        {**reply.headers, "Content-Length": str(len(reply.body)), "Date": format_timestamp(time.time())}
    )
    line = ResponseStartLine("HTTP/1.1", reply.status, HTTPStatus(reply.status).phrase)
    if reply.manner is Manner.DROP:
        connection.write_headers(line, headers, reply.body[: len(reply.body) // 2])
        asyncio.get_running_loop().call_soon(connection.stream.close)
        return
    connection.write_headers(line, headers, reply.body)
    connection.finish()
