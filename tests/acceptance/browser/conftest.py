"""Chromium before the pages of a real web process, with real workers and a simulated Riot behind it."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, sync_playwright
from stack import Stack, wait_until
from windows import WIDE

from riotwatch import procfile
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import RunningSimulator, serve
from riotwatch_players.simulator.world import World

BEGAN_AT_S = 1_790_000_000
"""Together with the seed: the same people, and the same ones worth flagging, in every run."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
NAME, PASSWORD = "operator", "correct horse battery staple"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's browser; Playwright downloads none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        # Its loop runs in this thread, and Django refuses the database to threads with a loop.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def riot(settings: Any) -> Iterator[RunningSimulator]:
    """A world that does not change from one run to the next, as far behind the clock as it is old."""
    world = World("browser", began_at_s=BEGAN_AT_S, people=200, history_days=30)
    options = Options(application_rates=parse_rates("500:10,30000:600"), lag_s=time.time() - BEGAN_AT_S)
    with serve(world, options=options) as simulator:
        settings.RIOT_API_URL = simulator.url
        settings.RIOT_API_KEY = DEMO_KEY
        yield simulator


@pytest.fixture
def web(stack: Stack) -> str:
    """The address of a web process, started as the Procfile says."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = procfile.read(django_settings.PROCFILE)["web"]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    stack.start("web", "sh", "-c", f"exec {command}", PORT=str(port), PATH=programs)
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: _answers(address), seconds=30, what="the web process answers")
    return address


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture
def sign_in(chromium: Browser, web: str) -> Iterator[Callable[..., Page]]:
    """Pages of signed-in people. A page that logged an error to the console fails its test."""
    accounts = get_user_model().objects
    accounts.create_superuser(NAME, password=PASSWORD)
    contexts, complaints = [], []

    def open_page(*, size: dict[str, int] = WIDE, dark: bool = False) -> Page:
        context = chromium.new_context(
            base_url=web, viewport=size, color_scheme="dark" if dark else "light", timezone_id="Europe/Berlin"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/admin/")
        page.get_by_label("Username").fill(NAME)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
