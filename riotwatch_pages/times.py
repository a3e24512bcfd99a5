"""Instants and spans as people read them: UTC as it is sent, the reader's own time once the page's script has run."""

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

UNITS_S = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
SHORT_S = 10
"""Below this, tenths of a second tell something."""
FORMS = {
    "day": "%Y-%m-%d",
    "minute": "%Y-%m-%d %H:%M",
    "second": "%Y-%m-%d %H:%M:%S",
    "clock": "%H:%M:%S",
    "weekday": "%a %Y-%m-%d %H:%M:%S",
}
"""How much of an instant is told; the script writes each of them the same way."""


def moment(at: datetime) -> str:
    """The same instant for everybody."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def instant(at: datetime | None, form: str = "minute") -> SafeString | str:
    """An instant in the reader's time, with UTC at the pointer; "" for none."""
    if at is None:
        return ""
    return _time(at, form, f"{at.astimezone(UTC):{FORMS[form]}} UTC")


def age(at: datetime | None, now: datetime | None = None) -> SafeString | str:
    """How far away an instant is, with the instant itself at the pointer; "" for none."""
    return _time(at, "age", from_now(at, now or timezone.now())) if at else ""


def _time(at: datetime, form: str, text: str) -> SafeString:
    html = '<time data-rw-time="{}" datetime="{}" title="{}">{}</time>'
    return format_html(html, form, at.isoformat(), moment(at), text)


def from_now(at: datetime, now: datetime) -> str:
    """`in 4 min`, or `3 h ago`: how far away, in whole units."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    name, size = next((name, size) for name, size in UNITS_S if abs(seconds) >= size)
    count = int(abs(seconds) // size)
    return f"in {count} {name}" if seconds > 0 else f"{count} {name} ago"


def span(seconds: float) -> str:
    """A duration in its two largest units: `4.2 s`, `3 min 5 s`, `2 h`."""
    if seconds < SHORT_S:
        return f"{max(0.0, seconds):.1f} s"
    rest, parts = round(seconds), []
    for name, size in UNITS_S:
        count, rest = divmod(rest, size)
        parts.append((count, name))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {name}" for count, name in parts[first : first + 2] if count)
