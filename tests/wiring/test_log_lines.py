"""Log lines: what a person or a log store reads of any process, and what never stands there."""

import io
import json
import logging
import re
import uuid

import pytest
import structlog
from structlog.contextvars import bound_contextvars, clear_contextvars

from riotwatch import log_lines
from riotwatch.console import TROUBLE

NAME = "tests.log_lines"
PUUID = "aB3-_" * 15 + "xyz"
KEY = "RGAPI-" + "12345678-9abc-4def-8123-456789abcdef"


@pytest.fixture(params=["json", "console"])
def reader(request):
    return request.param


@pytest.fixture
def written(reader):
    """What a handler of this form writes: a function that returns its lines so far."""
    clear_contextvars()  # of a request that another test made
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_lines.lines_for(reader))
    logger = logging.getLogger(NAME)
    logger.addHandler(handler)
    yield lambda: stream.getvalue().splitlines()
    logger.removeHandler(handler)


ours = structlog.stdlib.get_logger(NAME)
foreign = logging.getLogger(NAME)


@pytest.mark.parametrize("reader", ["json"], indirect=True)
def test_json_is_an_object_a_line_whoever_logs(written):
    with bound_contextvars(run=3, item=8, player=21):
        ours.info("item_fetched", matches=4)
        foreign.warning("a library's %s", "words")
    first, second = (json.loads(line) for line in written())
    assert first.pop("timestamp").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": NAME,
        "event": "item_fetched",
        "matches": 4,
        "run": 3,
        "item": 8,
        "player": 21,
    }
    assert (second["event"], second["level"], second["item"]) == ("a library's words", "warning", 8)


@pytest.mark.parametrize("reader", ["json"], indirect=True)
def test_a_traceback_stays_in_its_line(written):
    for logger in (ours, foreign):
        try:
            raise ValueError("two\nlines")
        except ValueError:
            logger.exception("it_broke")
    assert ["ValueError: two\nlines" in json.loads(line)["exception"] for line in written()] == [True, True]


@pytest.mark.parametrize("reader", ["json"], indirect=True)
def test_a_field_does_not_take_the_place_of_a_heading_and_what_json_lacks_is_text(written):
    ours.info("odd", level=5, problem=ValueError("no"), at=uuid.UUID(int=1))
    line = json.loads(written()[0])
    assert (line["level"], line["level_"], line["problem"], line["at"]) == ("info", 5, "no", str(uuid.UUID(int=1)))


@pytest.mark.parametrize("reader", ["console"], indirect=True)
def test_people_read_when_what_and_which(written):
    with bound_contextvars(run=3):
        ours.info("job_started", job="match_fetcher", reason="two words")
    (line,) = written()
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 \[info\] job_started ", line)
    assert "job=match_fetcher" in line
    assert "reason='two words'" in line
    assert line.endswith("run=3")


def test_the_terminal_of_up_tells_trouble_from_news(written):
    ours.info("fine", note="a warning in passing")
    foreign.error("bad")
    assert [bool(TROUBLE.search(line)) for line in written()] == [False, True]


def test_what_is_bound_ends_with_its_block(written):
    with bound_contextvars(run=77_123):
        pass
    ours.info("afterwards")
    assert "77123" not in written()[0]


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (KEY, f"key {KEY} refused"),
        (PUUID, f"GET /lol/summoner/v4/summoners/by-puuid/{PUUID}?x=1"),
        ("hunter2", "cannot connect to postgresql://riotwatch:hunter2@db.example:5432/riotwatch"),
        ("hunter2", "redis://:hunter2@cache:6379/0 is away"),
        ("c2VjcmV0", "{'Authorization': 'Bearer c2VjcmV0', 'Accept': '*/*'}"),
        ("c2VjcmV0", "Authorization: Basic c2VjcmV0"),
        ("opensesame", "X-API-Key: opensesame"),
        ("opensesame", "GET /metrics?token=opensesame&x=1"),
    ],
)
def test_secrets_are_taken_out_of_messages_fields_and_tracebacks(written, reader, secret, text):
    ours.info("one", field=text, nested={"in": [text]})
    foreign.info("two %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        ours.exception("three")
    lines = written()
    assert secret not in "\n".join(lines)
    assert log_lines.HIDDEN in lines[0]
    if reader == "json":
        assert [json.loads(line)["event"].split()[0] for line in lines] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "text", ["postgresql://db:5432/riotwatch", "authorization_missing route=api/v1/jobs", "a-b" * 20]
)
def test_what_is_no_secret_stays(text):
    assert log_lines.redacted(text) == text


# --- Web requests ---


def test_a_request_id_is_made_and_told(client):
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_a_request_id_that_comes_along_is_kept(client):
    assert client.get("/healthz", headers={"X-Request-ID": "proxy-17:a.b"}).headers["X-Request-ID"] == "proxy-17:a.b"


@pytest.mark.parametrize("odd", ["", "two words", "a\tb", "x" * 65, "ümlaut", '"}'])
def test_an_id_that_could_forge_a_line_is_not(client, odd):
    assert re.fullmatch("[0-9a-f]{32}", client.get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"])


@pytest.mark.parametrize("reader", ["json"], indirect=True)
def test_a_refusal_is_logged_with_the_id_of_its_request(client, written):
    logging.getLogger("django.request").addHandler(logging.getLogger(NAME).handlers[-1])
    try:
        client.get("/nothing-here", headers={"X-Request-ID": "r-1"})
    finally:
        logging.getLogger("django.request").removeHandler(logging.getLogger(NAME).handlers[-1])
    assert [json.loads(line)["request"] for line in written()] == ["r-1"]
