"""A service that takes messages over HTTP, as Apprise's json:// sends them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "t0ken-of-the-mailbox"


@dataclass
class Mailbox:
    """What arrived, and what the service answers."""

    port: int = 0
    status: int = 200
    answers: threading.Event = field(default_factory=threading.Event)
    """Until it is set, whoever sends waits."""
    received: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://caller:pa55word@127.0.0.1:{self.port}/{TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.received]

    @property
    def texts(self) -> list[str]:
        return [one["message"] for one in self.received]


@contextmanager
def receiving(status: int = 200) -> Iterator[Mailbox]:
    """The service; it notes what it answers well."""
    mailbox = Mailbox(status=status)
    mailbox.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            mailbox.answers.wait()
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if mailbox.status < 300:
                mailbox.received.append(body | {"path": self.path})
            self.send_response(mailbox.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        mailbox.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield mailbox
        finally:
            mailbox.answers.set()
            server.shutdown()
            thread.join()
