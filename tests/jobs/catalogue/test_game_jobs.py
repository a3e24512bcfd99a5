"""history_index and patch_metadata: what they keep, when there is nothing to do, and what Riot's silence leaves."""

from riotwatch_players import gateway
from riotwatch_players.ingest import store_match
from riotwatch_players.models import ChampionRecord, CurrentPatch, PlatformState
from tests.players.factories import NOW, id_of, several


def store(count):
    for match in several(count):
        store_match(gateway.current_source(), id_of(match), match, now=NOW, discover=None)


def test_champions_are_counted_once_until_another_match_is_stored(run_job):
    store(3)
    run = run_job("history_index", days=730)
    assert (run.state, run.result) == ("COMPLETED", {"matches": 3, "champions": 10, "pairs": 50})
    assert ChampionRecord.objects.count() == 10
    again = run_job("history_index", days=730)
    assert (again.state, again.reason) == ("SKIPPED", "no usable match was stored since the last count")


def test_the_state_of_the_platforms_where_players_are_tracked_is_kept_and_then_the_patch(riot, track, run_job):
    track(2)
    store(1)
    run = run_job("patch_metadata")
    assert (run.state, run.result["platforms"], run.api_requests_made) == ("COMPLETED", 1, 1)
    state = PlatformState.objects.get()
    assert (state.platform, state.problem, state.incidents) == ("euw1", "", [])
    assert state.seen_at is not None
    assert CurrentPatch.objects.get().patch == "16.7"


def test_where_riot_does_not_answer_the_last_answer_stays_with_the_problem(riot, track, run_job):
    track(1)
    run_job("patch_metadata")
    seen_at = PlatformState.objects.get().seen_at
    riot.control("faults", endpoint="lol-status-v4.platform-data", kind="status", status=503, count=50)
    run = run_job("patch_metadata", seconds=5)
    state = PlatformState.objects.get()
    assert (state.seen_at, "503" in state.problem) == (seen_at, True)
    item = run.items.get()
    assert (run.state, item.state, "503" in item.reason) == ("IN_PROGRESS", "QUEUED", True), "it is tried again"
