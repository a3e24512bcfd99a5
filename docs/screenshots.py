"""`make screenshots`: start the demo in a folder of its own, open its pages, and keep what a newcomer sees.

Takes some four minutes: the demo's first runs, until players are flagged and a vanished account is being watched.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
READY = "from here on the schedules run the jobs"
WINDOW = {"width": 1280, "height": 860}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """Take all of them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("error: no chromium on the PATH (Debian: apt install chromium)")
    IMAGES.mkdir(exist_ok=True)
    with demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for theme in ("light", "dark"):
            take_all(browser, address, password, theme=theme)
        browser.close()


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A demo whose first runs are over: its address and the operator's password."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="riotwatch-screenshots-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)  # as root PostgreSQL runs as another user
        port = free_ports()
        unset = {"RIOT_API_KEY", "RIOT_API_URL", "DATABASE_URL", "REDIS_URL"}
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=kept | {"RIOTWATCH_DATA_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(up.wait)
        stack.callback(up.send_signal, signal.SIGTERM)
        assert up.stdout is not None  # noqa: S101 - it is piped
        for line in up.stdout:
            print(line, end="")  # noqa: T201
            if READY in line:
                break
        password = json.loads((folder / "demo" / "credentials").read_text())["operator"]
        yield f"http://127.0.0.1:{port}", password


def free_ports() -> int:
    """A port whose next two are free as well."""
    while True:
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
                three.bind(("127.0.0.1", port + 2))
            except OSError:
                continue
        return port


def take_all(browser: Browser, address: str, password: str, *, theme: str) -> None:
    """Sign in and walk: home, the jobs, the factors of a flagged player."""
    page = browser.new_context(base_url=address, viewport=WINDOW, color_scheme=theme).new_page()  # type: ignore[arg-type]
    page.goto("/admin/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    settle(page).screenshot(path=IMAGES / f"home-{theme}.png")
    page.goto("/admin/riotwatch_jobs/jobconfiguration/")
    settle(page).locator("#content").screenshot(path=IMAGES / f"jobs-{theme}.png")
    page.goto("/admin/")
    page.locator(".rw-flag-head a").first.click()
    settle(page).locator(".rw-card", has=page.locator("#factors")).screenshot(path=IMAGES / f"factors-{theme}.png")


def settle(page: Page) -> Page:
    """The page, once it has loaded whatever it loads."""
    page.wait_for_load_state("networkidle")
    return page


if __name__ == "__main__":
    main()
