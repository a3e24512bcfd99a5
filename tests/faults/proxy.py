"""A connection to the broker that can be cut half-way: nothing comes through any more, and nobody is told."""

import contextlib
import selectors
import socket
import threading
from pathlib import Path


class HalfOpen:
    """A TCP port on loopback that leads to a socket; connections from before `cut` are silent for ever."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._silent: list[socket.socket] = []
        self._lock = threading.Lock()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Forward nothing on the connections there are; keep them open."""
        with self._lock:
            for key in list(self._selector.get_map().values()):
                if key.data is not None:
                    self._selector.unregister(key.fileobj)
                    self._silent.append(key.fileobj)  # type: ignore[arg-type]

    def close(self) -> None:
        self._stopped = True
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        for one in self._silent:
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stopped:
            for key, _ in self._selector.select(0.1):
                with self._lock:
                    if key.data is None:
                        self._accept()
                    elif key.fileobj not in self._silent:
                        self._forward(key.fileobj, key.data)  # type: ignore[arg-type]

    def _accept(self) -> None:
        inside, _ = self._listener.accept()
        outside = socket.socket(socket.AF_UNIX)
        try:
            outside.connect(self._target)
        except OSError:
            inside.close()
            outside.close()
            return
        self._selector.register(inside, selectors.EVENT_READ, outside)
        self._selector.register(outside, selectors.EVENT_READ, inside)

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            data = source.recv(65_536)
            if data:
                sink.sendall(data)
                return
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            end.close()
