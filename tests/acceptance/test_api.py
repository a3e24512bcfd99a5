"""The API as its users meet it: the web process over HTTP, a key from the command line, and a worker."""

import socket
import sys
from contextlib import closing

import pytest
import requests
from django.contrib.auth.models import User
from stack import wait_until

from riotwatch_players.models import Player

GUNICORN = (sys.executable, "-m", "gunicorn", "riotwatch.wsgi", "--workers", "1", "--threads", "4")


@pytest.fixture
def address(stack) -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    stack.start("web", *GUNICORN, "--bind", f"127.0.0.1:{port}", "--no-control-socket")
    return f"http://127.0.0.1:{port}"


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def test_a_player_is_added_and_refreshed_by_a_worker_while_the_caller_waits(stack, riot, busiest, address):
    stack.worker()
    stack.housekeeping()
    User.objects.create_superuser("anna")
    made = stack.manage("create_api_key", "script", "--role", "operator")
    assert made.returncode == 0, made.stderr
    wait_until(lambda: answers(address), seconds=30, what="the web process answering")
    session = requests.Session()
    session.headers["X-API-Key"] = made.stdout.strip()
    api = f"{address}/api/v1"

    ((riot_id, platform),) = busiest(1)
    player = session.post(f"{api}/players", json={"riot_id": riot_id, "platform": platform}, timeout=20)
    assert (player.status_code, player.json()["riot_id"]) == (201, riot_id)
    wait_until(
        lambda: session.get(f"{api}/jobs/scheduler/status", timeout=9).json()["workers"], seconds=30, what="a worker"
    )

    asked = session.post(f"{player.headers['Location']}/refresh", json={"wait_s": 30}, timeout=40)
    run = asked.json()
    assert (asked.status_code, run["state"], run["reason"]) == (202, "COMPLETED", "")
    assert (run["items"]["done"], run["result"]["updated"], run["triggered_by"]) == (1, 1, "anna (API key script)")
    shown = session.get(asked.headers["Location"], timeout=9).json()
    assert (shown["id"], shown["item_list"]["items"][0]["state"]) == (run["id"], "DONE")

    games = session.get(f"{player.headers['Location']}/matches", params={"limit": 5}, timeout=9)
    assert len(games.json()["items"]) == 5
    again = session.get(games.url, headers={"If-None-Match": games.headers["ETag"]}, timeout=9)
    assert (again.status_code, again.content) == (304, b"")
    assert session.get(f"{api}/quota", timeout=9).json()["budgets"]
    assert requests.get(f"{api}/jobs", timeout=9).status_code == 401
    assert Player.objects.tracked().get().last_updated is not None
