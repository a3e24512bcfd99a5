"""Sending through Apprise, and telling why it did not work; never the address, for it holds passwords and tokens."""

import logging
import re
from typing import Any
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset, LogCapture, NotifyFormat, NotifyType, PersistentStoreMode

from riotwatch_messages.models import WHY_MAX
from riotwatch_messages.targets import Target

TELLING_LENGTH = 3
"""Shorter pieces of an address give nothing away, and are parts of ordinary words."""
ASSET = AppriseAsset(
    app_id="riotwatch",
    app_desc="riotwatch",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    async_mode=False,
    http_redirects=False,  # a redirected POST arrives without its text, and would count as sent
    storage_mode=PersistentStoreMode.MEMORY,
)


class NotSent(Exception):
    """The text says why, and holds nothing of the address."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why[:WHY_MAX])
        self.for_good = for_good
        """Trying again would not help."""


def send(target: Target, *, title: str, body: str, level: str) -> None:
    """Send one text; raises NotSent."""
    capture: Any = LogCapture
    with capture(level=logging.WARNING, fmt="%(message)s") as said:
        service = Apprise(asset=ASSET)
        if not service.add(target.url):
            raise NotSent("Apprise cannot read the address of this target: see NOTIFY_URLS", for_good=True)
        try:
            sent = service.notify(body=body, title=title, notify_type=NotifyType(level), body_format=NotifyFormat.TEXT)
        except Exception as bug:  # noqa: BLE001
            # Code of some hundred services: whatever it raises is a failed attempt. Its text may hold the address.
            raise NotSent(f"{target.service}: {type(bug).__name__}") from None
    if not sent:
        raise NotSent(without_address(said.getvalue(), target.url) or f"{target.service} did not take it")


def without_address(text: str, url: str) -> str:
    """One line, in which every piece of the address but its scheme is left out."""
    line = "; ".join(part.strip() for part in text.splitlines() if part.strip())
    for piece in sorted(_pieces(url.partition("://")[2]), key=len, reverse=True):
        if len(piece) >= TELLING_LENGTH:
            line = re.sub(rf"(?<!\w){re.escape(piece)}(?!\w)", "…", line)
    return line


def _pieces(address: str) -> set[str]:
    """All that an address without its scheme is made of, as it is written and as it is meant."""
    parts = [form for part in re.split(r"[/?#&=:@,]+", address) for form in (part, unquote(part))]
    return {piece for part in parts for piece in (part, *re.split(r"[^\w.-]+", part))}
