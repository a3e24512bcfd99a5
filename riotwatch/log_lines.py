"""How log lines look, whoever writes them: one event a line with the ids of what is worked on, and no secrets.

Records of structlog and of plain `logging`, ours and those of libraries, go through the same formatter. The ids (run,
item, player, request) are bound by whoever begins the work, as context variables.
"""

import json
import logging.config
import re
import sys
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import JSONRenderer, format_exc_info
from structlog.stdlib import ProcessorFormatter, filter_by_level
from structlog.types import EventDict, Processor

PLAIN = (str, int, float, bool, type(None))
HIDDEN = "***"
SECRETS = (
    re.compile(r"(?P<before>RGAPI-)[\w-]+"),  # Riot's keys
    re.compile(r"(?P<before>)(?<![\w-])[\w-]{78}(?![\w-])"),  # puuids
    re.compile(r"(?P<before>\w://[^\s:/@\"']*:)[^\s/@\"']+(?=@)"),  # the password of an address
    re.compile(
        r"(?i)(?P<before>\b(?:(?:proxy-)?authorization|x-riot-token|x-api-key|cookie)\b[\\\"']*\s*[:=]\s*[\\\"']*"
        r"(?:(?:bearer|basic|token)\s+)?)[^\s\\\"',})]+"
    ),
    re.compile(r"(?i)(?P<before>[?&](?:api_?key|token|password|secret)=)[^\s&\\\"']+"),
)


def configure(config: dict[str, Any]) -> None:
    """Set up `logging` and structlog (Django's LOGGING_CONFIG): the second hands its events to the first."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[filter_by_level, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def lines_for(reader: str) -> ProcessorFormatter:
    """The formatter of what a process writes: `json` or `console`."""
    rendering: list[Processor] = [_for_machines()] if reader == "json" else [_for_people()]
    if reader == "json":
        rendering.insert(0, format_exc_info)
    return ProcessorFormatter(processors=[merge_contextvars, _headed, *rendering, _without_secrets])


def run_lines() -> ProcessorFormatter:
    """The formatter of what is kept with a run: event and fields alone, for its page says the rest."""
    return ProcessorFormatter(processors=[_bare, format_exc_info, _as_fields, _without_secrets])


def redacted(text: str) -> str:
    """The text without Riot keys, puuids, passwords and authorizations."""
    for secret in SECRETS:
        text = secret.sub(rf"\g<before>{HIDDEN}", text)
    return text


def _headed(_logger: object, _method: str, event: EventDict) -> EventDict:
    """When, how grave and who, then what; times and errors as text. A field never takes the place of a heading."""
    record = event["_record"]
    head = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event["event"],
    }
    fields = _bare(_logger, _method, event)
    return {
        **head,
        **{f"{name}_" if name in head else name: value for name, value in fields.items() if name != "event"},
    }


def _bare(_logger: object, _method: str, event: EventDict) -> EventDict:
    hidden = ("_record", "_from_structlog")
    return {name: value if name == "exc_info" else _plain(value) for name, value in event.items() if name not in hidden}


def _plain(value: object) -> object:
    return value if type(value) in PLAIN else str(value)


def _as_fields(_logger: object, _method: str, event: EventDict) -> str:
    trace = event.pop("exception", None)
    line = " ".join([str(event.pop("event")), *(f"{name}={value}" for name, value in event.items())])
    return f"{line}\n{trace}" if trace else line


def _without_secrets(_logger: object, _method: str, line: Any) -> str:  # noqa: ANN401 - what a renderer returned
    return redacted(line)


def _for_machines() -> JSONRenderer:
    return JSONRenderer(serializer=json.dumps, ensure_ascii=False)


def _for_people() -> ConsoleRenderer:
    return ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        pad_level=False,
        sort_keys=False,
        exception_formatter=plain_traceback,
    )
