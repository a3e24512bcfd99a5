"""What items tell of Riot itself."""

import pytest

from riotwatch_jobs import dispatch, health
from riotwatch_jobs.leases import database_now
from riotwatch_jobs.models import ItemState, Trigger
from riotwatch_players.riot.errors import NetworkTrouble, ServerTrouble

WHERE = {"endpoint": "summoner-v4.by-puuid", "host": "euw1"}
TROUBLES = (ServerTrouble(**WHERE, status=503), NetworkTrouble(**WHERE, detail="too slow", sent=True))


def riot_now():
    return next(finding for finding in health.examine() if finding.part == "Riot")


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: type(trouble).__name__)
def test_riot_is_ill_while_items_meet_its_trouble_and_none_gets_through(riot, track, trouble):
    track(4)
    run, _ = dispatch.request(dispatch.Request("tracked_player_updater", Trigger.CLI), now=database_now())
    dispatch.start(run.pk, now=database_now())
    first, *others = run.items.values_list("pk", flat=True)
    run.items.filter(pk__in=others[:2]).update(state=ItemState.WAITING, reason=str(trouble))
    assert not riot_now().ill
    run.items.filter(pk__in=others).update(state=ItemState.WAITING, reason=str(trouble))
    assert "does not answer" in riot_now().ill
    assert riot_now().remedy
    run.items.filter(pk=first).update(state=ItemState.DONE, api_requests_made=4, finished_at=database_now())
    assert not riot_now().ill
