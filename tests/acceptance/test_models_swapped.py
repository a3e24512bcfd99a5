"""Real processes follow a swap of the active model."""

import json
import sys
import time

import pytest
from django.utils import timezone

from riotwatch_players import model_cards
from tests.players.model_files import brought_in

pytestmark = pytest.mark.acceptance

SEEN_WITHIN_S = 10
STARTED_WITHIN_S = 60
PRINT_CHANGES = """
import time, django
django.setup()
from riotwatch_players.models_in_use import in_use
seen = None
while True:
    versions = in_use().versions
    if versions != seen:
        seen = versions
        print(versions, flush=True)
    time.sleep(0.1)
"""


def test_every_process_judges_with_a_newly_activated_model_within_ten_seconds(stack):
    first, second = brought_in("1.0.0"), brought_in("1.0.1")
    model_cards.activate(first, by="ann", now=timezone.now())
    for name in ("one", "two"):
        stack.start(name, sys.executable, "-c", PRINT_CHANGES, DJANGO_SETTINGS_MODULE="riotwatch.settings")
    wait_until_both_printed(stack, [first], within_s=STARTED_WITHIN_S)
    model_cards.activate(second, by="ann", now=timezone.now())
    wait_until_both_printed(stack, [first, second], within_s=SEEN_WITHIN_S)
    model_cards.roll_back(first, by="ann", now=timezone.now())
    wait_until_both_printed(stack, [first, second, first], within_s=SEEN_WITHIN_S)


def wait_until_both_printed(stack, models, *, within_s):
    expected = [f"{model}/flat" for model in models]
    give_up_at = time.monotonic() + within_s
    while (found := [(stack.log_folder / f"{name}.log").read_text().split() for name in ("one", "two")]) != [
        expected,
        expected,
    ]:
        assert time.monotonic() < give_up_at, json.dumps(found)
        time.sleep(0.1)
