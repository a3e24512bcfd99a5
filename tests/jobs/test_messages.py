"""Publishing over connections that break."""

import pytest
from rows_and_messages import broker_at

from riotwatch_jobs import messages
from tests.players.riot.valkey import Valkey


@pytest.fixture
def valkey():
    """A broker that may be held up without holding others up."""
    server = Valkey()
    server.start()
    yield server
    server.close()


def test_a_message_comes_through_once_where_the_broker_stands_still_for_a_moment(valkey):
    with broker_at(f"redis+socket://{valkey.socket}"), valkey.connect() as client:
        assert messages.send_canary("players")
        client.execute_command("CLIENT", "PAUSE", "2000", "ALL")  # longer than publishing waits
        assert messages.send_canary("matches")
        assert client.llen("matches") == 1
