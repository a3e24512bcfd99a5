"""`manage.py send_test_message --json`, with housekeeping's thread beside it and without."""

import io
import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from riotwatch_jobs.delivering import Delivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("targets")]


@pytest.fixture
def housekeeping() -> Iterator[None]:
    delivery = Delivery()
    thread = delivery.start()
    yield
    delivery.stopping.set()
    thread.join()


def asked(*arguments):
    """The exit code, and for each target what became of its message."""
    out, code = io.StringIO(), 0
    try:
        call_command("send_test_message", "--json", *arguments, stdout=out)
    except SystemExit as end:
        code = end.code
    return code, {one["target"]: (one["state"], one["why"]) for one in json.loads(out.getvalue())}


@pytest.mark.usefixtures("housekeeping")
def test_scripts_read_what_was_taken():
    assert asked("phone") == (0, {"phone": ("sent", "")})


@pytest.mark.usefixtures("housekeeping")
def test_scripts_read_what_was_refused_and_why(team):
    team.status = 500
    code, told = asked()
    assert (code, told["phone"]) == (1, ("sent", ""))
    state, why = told["team"]
    assert (state, bool(why)) == ("pending", True)


def test_scripts_read_what_nobody_sent_in_time():
    assert asked("phone", "--timeout", "0") == (3, {"phone": ("pending", "")})
