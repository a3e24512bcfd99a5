"""Players, what is known about them, the key and its budget through the API."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from riotwatch_jobs.models import Execution
from riotwatch_players import gateway
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Analysis, Player, RiotKey
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.standings import record_rank
from tests.api.callers import problem
from tests.players import factories


def trail(row):
    """What the audit says of this row; another kind of row may have the same number."""
    entries = LogEntry.objects.filter(object_id=str(row.pk), content_type__model=row._meta.model_name)
    return list(entries.order_by("pk").values_list("change_message", flat=True))


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_a_player_is_found_by_name_riot_id_and_puuid_and_nothing_is_written(viewer, ada):
    factories.known("Bela")
    before = Player.objects.count()
    for text in ("ad", "Ada#EUW", "ada#euw", ada.puuid):
        found = viewer.get("/players/search", q=text).json()["items"]
        assert [one["riot_id"] for one in found] == ["Ada#EUW"]
    assert viewer.get("/players/search", q="nobody#1").json() == {"items": [], "next_cursor": None}
    assert viewer.get("/players/search", q="ada", platform="kr").json()["items"] == []
    assert Player.objects.count() == before


@pytest.mark.parametrize(
    ("query", "field"), [({}, "q"), ({"q": "a\x00"}, "q"), ({"q": "a", "platform": "mars1"}, "platform")]
)
def test_a_search_that_makes_no_sense_is_refused(viewer, query, field):
    assert problem(viewer.get("/players/search", **query))["errors"][0]["field"] == field


def test_tracked_players_come_with_their_standing(viewer, ada):
    factories.known("Bela")
    record_rank(ada, [factories.solo_queue("GOLD", "II"), factories.solo_queue("GOLD", "II")][:1], now=factories.NOW)
    (row,) = viewer.get("/players/tracked").json()["items"]
    assert (row["riot_id"], row["platform"], row["current_tier"], row["current_rank"]) == (
        "Ada#EUW",
        "euw1",
        "GOLD",
        "II",
    )
    assert set(row) == {"puuid", "riot_id", "platform", "current_tier", "current_rank", "last_updated"}


def test_a_player_shows_what_is_known(viewer, ada):
    record_rank(ada, [factories.solo_queue()], now=factories.NOW)
    told = viewer.get(f"/players/{ada.puuid}").json()
    assert (told["states"], told["stage"], told["verdict"]) == (["tracked"], "matches", None)
    assert [rank["tier"] for rank in told["ranks"]] == ["GOLD"]


@pytest.mark.parametrize("puuid", ["nobody", "%00", "a%20b", "x" * 300])
def test_who_is_not_known_is_not_found(viewer, puuid, db):
    assert problem(viewer.get(f"/players/{puuid}"))["status"] == 404


def test_matches_come_newest_first_by_pages_and_filtered(viewer, ada):
    for number in range(1, 4):
        body = factories.body(f"EUW1_{number}", started_at=factories.NOON + timedelta(hours=number))
        store_match(ada.source, f"EUW1_{number}", body, now=factories.NOW, discover=None)
    store_match(ada.source, "EUW1_9", factories.body("EUW1_9", queueId=450), now=factories.NOW, discover=None)
    address = f"/players/{ada.puuid}/matches"
    first = viewer.get(address, limit=2).json()
    assert [game["match_id"] for game in first["items"]] == ["EUW1_3", "EUW1_2"]
    rest = viewer.get(address, limit=2, cursor=first["next_cursor"]).json()
    assert [game["match_id"] for game in rest["items"]] == ["EUW1_1", "EUW1_9"]
    game = first["items"][0]
    assert (game["queue"], game["champion"], game["role"], game["win"]) == ("Ranked Solo/Duo", "Annie", "Top", True)
    assert game["map"] == "Summoner's Rift"
    assert [one["match_id"] for one in viewer.get(address, queue_id=450).json()["items"]] == ["EUW1_9"]
    assert len(viewer.get(address, usable="true").json()["items"]) == 3


def test_standings_and_judgements_come_newest_first(viewer, ada):
    record_rank(ada, [factories.solo_queue("GOLD", "II")], now=factories.NOW)
    record_rank(ada, [factories.solo_queue("MASTER", None)], now=factories.NOW + timedelta(days=1))
    ranks = viewer.get(f"/players/{ada.puuid}/ranks", queue="RANKED_SOLO_5x5").json()["items"]
    assert [(rank["tier"], rank["division"]) for rank in ranks] == [("MASTER", None), ("GOLD", "II")]
    for day, verdict in enumerate(("normal", "likely_smurf")):
        Analysis.objects.create(
            player=ada, analyzed_at=factories.NOW + timedelta(days=day), games_used=30, verdict=verdict, smurf_score=80,
            smurf_p=0.7, confidence=0.9, factors=[{"name": "win_rate"}], summary="because",
        )  # fmt: skip
    analyses = viewer.get(f"/players/{ada.puuid}/analyses", limit=1).json()
    assert [(one["verdict"], one["smurf_probability"]) for one in analyses["items"]] == [("likely_smurf", 0.7)]
    assert analyses["next_cursor"]


def test_whom_a_player_meets_is_told_with_how_it_went(viewer, ada):
    for number in (1, 2):
        body = factories.body(f"EUW1_{number}", factories.TEN[: 10 - number])
        store_match(ada.source, f"EUW1_{number}", body, now=factories.NOW, discover=None)
    Player.objects.filter(game_name="Finn").update(verdict="mixed")
    told = viewer.get(f"/players/{ada.puuid}/encounters", limit=2).json()
    finn, _ = told["items"]
    assert (finn["riot_id"], finn["verdict"], finn["together"], finn["against"]) == (
        *("Finn#EUW", "mixed"),
        *({"times": 0, "won": 0}, {"times": 2, "won": 2}),
    )
    assert told["next_cursor"] is None
    everybody = viewer.get(f"/players/{ada.puuid}/encounters").json()["items"]
    bela = next(one for one in everybody if one["riot_id"] == "Bela#EUW")
    assert (bela["together"], bela["against"]["times"], bela["verdict"]) == ({"times": 2, "won": 2}, 0, None)
    often = viewer.get(f"/players/{ada.puuid}/encounters", at_least=2).json()["items"]
    assert (len(everybody), len(often)) == (8, 7)


# --- Changing --------------------------------------------------------------------------------------------------------


def test_a_player_is_added_by_riot_id_and_tracked(operator, riot):
    added = operator.post("/players", {"riot_id": riot[0], "platform": "euw1"})
    player = Player.objects.get()
    assert (added.status_code, added.json()["states"]) == (201, ["tracked"])
    assert added.headers["Location"] == f"http://testserver/api/v1/players/{player.puuid}"
    assert trail(player) == ["added, by otto (API key test)", "tracked, by otto (API key test)"]
    assert operator.post("/players", {"riot_id": riot[0], "platform": "euw1"}).status_code == 201
    assert (Player.objects.count(), len(trail(player))) == (1, 2)


def test_without_a_platform_riot_is_asked_where_they_play(operator, riot):
    told = operator.post("/players", {"riot_id": riot[0], "track": False}).json()
    assert (told["platform"], told["states"]) == ("euw1", ["known"])


def test_a_riot_id_that_does_not_work_out_says_why(operator, riot, settings):
    for body, status, said in (
        ({"riot_id": "Faker", "platform": "euw1"}, 422, "Name#TAG"),
        ({"riot_id": "Nobody Ever#0000", "platform": "euw1"}, 404, "check the spelling"),
        ({"riot_id": riot[0], "platform": "mars1"}, 422, "platform"),
    ):
        told = problem(operator.post("/players", body))
        assert told["status"] == status
        assert said in told["detail"]
    settings.MAX_TRACKED_PLAYERS = 1
    operator.post("/players", {"riot_id": riot[0], "platform": "euw1"})
    full = problem(operator.post("/players", {"riot_id": riot[1], "platform": "euw1"}))
    assert full["status"] == 409
    assert "untrack one, or raise it" in full["detail"]


def test_a_riot_that_does_not_answer_or_refuses_the_key_is_told_as_such(operator, riot, settings):
    settings.RIOT_API_KEY = "RGAPI-unknown-and-refused"
    told = problem(operator.post("/players", {"riot_id": riot[0], "platform": "euw1"}))
    assert (told["status"], told["type"]) == (503, "urn:riotwatch:problem:riot-unavailable")
    assert "set_riot_key" in told["detail"]


def test_many_are_added_with_a_result_for_each_line(operator, riot):
    told = operator.post("/players/bulk", {"lines": f"{riot[0]}\nno hash sign\n{riot[1]} euw1"}).json()
    assert [one["outcome"] for one in told["results"]] == ["now tracked", "not understood", "now tracked"]
    assert (told["succeeded"], told["retained"]) == (2, "no hash sign")
    assert Player.objects.tracked().count() == 2


def test_more_lines_than_are_tried_are_retained(operator, riot, monkeypatch):
    monkeypatch.setattr("riotwatch_players.api.players.MOST_LINES", 1)
    told = problem(operator.post("/players/bulk", {"lines": f"{riot[0]}\n{riot[1]}"}))
    assert (told["status"], told["errors"][0]["field"]) == (422, "lines")
    assert not Player.objects.exists()


def test_tracking_is_begun_and_ended(operator, ada):
    assert operator.send("DELETE", f"/players/{ada.puuid}/track").json()["states"] == ["known"]
    assert operator.post(f"/players/{ada.puuid}/track").json()["states"] == ["tracked"]
    assert trail(ada) == ["no longer tracked, by otto (API key test)", "tracked, by otto (API key test)"]


@pytest.mark.parametrize(("verb", "job_id"), [("refresh", "tracked_player_updater"), ("analyze", "smurf_analyzer")])
def test_work_about_a_player_is_a_run_of_its_own(operator, ada, verb, job_id):
    key = {"Idempotency-Key": "once"}
    asked = operator.post(f"/players/{ada.puuid}/{verb}", {}, key)
    run = Execution.objects.get()
    assert (asked.status_code, asked.json()["id"]) == (202, run.pk)
    assert (run.job_id, run.scope, run.trigger) == (job_id, f"player:{ada.pk}", "api")
    assert operator.post(f"/players/{ada.puuid}/{verb}", {}, key).json()["id"] == run.pk
    assert trail(ada) == [f"{job_id}: run {run.pk}, by otto (API key test)"]


def test_who_cannot_be_refreshed_is_told_why(operator, ada):
    Player.objects.filter(pk=ada.pk).update(paused=True)
    told = problem(operator.post(f"/players/{ada.puuid}/refresh", {}))
    assert told["status"] == 409
    assert "tracked and paused" in told["detail"]


def test_refusals_are_logged_without_whom_they_are_about(operator, ada, caplog):
    caplog.set_level("INFO")
    operator.post(f"/players/{ada.puuid}/refresh", {"wait_s": 99})
    operator.get(f"/players/{ada.puuid}/nothing")
    assert "'route': 'api/v1/players/<puuid>/refresh', 'status': 422" in caplog.text
    assert ada.puuid not in caplog.text


def test_a_player_is_erased_by_an_admin_and_comes_back_only_when_an_admin_says_so(admin, operator, riot):
    wanted = {"riot_id": riot[0], "platform": "euw1", "track": False}
    address = f"/players/{operator.post('/players', wanted).json()['puuid']}"
    assert problem(operator.send("DELETE", address))["status"] == 403
    assert admin.send("DELETE", address).status_code == 204
    assert admin.send("DELETE", address).status_code == operator.get(address).status_code == 404
    assert LogEntry.objects.latest("pk").change_message == "erased, by anna (API key test)"
    told = problem(operator.post("/players", wanted))
    assert (told["status"], "lift_erasure" in told["detail"]) == (409, True)
    assert operator.post("/players", wanted | {"lift_erasure": True}).status_code == 403
    assert admin.post("/players", wanted | {"lift_erasure": True}).status_code == 201
    assert trail(Player.objects.get()) == ["added, any erasure lifted, by anna (API key test)"]


# --- The key and its budget ------------------------------------------------------------------------------------------


def test_the_budget_is_shown_by_host_and_the_key_by_its_end_only(viewer, operator, riot):
    operator.post("/players", {"riot_id": riot[0], "platform": "euw1"})
    told = viewer.get("/quota").json()
    assert told["key"] == f"…{DEMO_KEY[-4:]}"
    application = next(row for row in told["budgets"] if row["host"] == "europe" and row["endpoint"] is None)
    assert application["windows"][0]["limit"] == 100_000
    assert DEMO_KEY not in viewer.get("/quota").content.decode()


def test_without_redis_the_budget_cannot_be_told(viewer, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(gateway, "_shared", {})
    told = problem(viewer.get("/quota"))
    assert (told["status"], told["type"]) == (503, "urn:riotwatch:problem:unavailable")


def test_a_key_is_tried_before_it_is_stored_and_never_repeated(admin, riot):
    bad = problem(admin.send("PUT", "/riot-key", {"key": "short"}))
    assert (bad["status"], bad["errors"][0]["field"]) == (422, "key")
    refused = admin.send("PUT", "/riot-key", {"key": "RGAPI-unknown-and-refused"})
    assert problem(refused)["errors"][0]["field"] == "key"
    assert b"unknown-and-refused" not in refused.content
    assert not RiotKey.objects.filter(origin=RiotKey.STORED).exists()
    stored = admin.send("PUT", "/riot-key", {"key": DEMO_KEY})
    row = RiotKey.objects.get(origin=RiotKey.STORED)
    assert (stored.status_code, stored.json()["key"]) == (200, f"…{DEMO_KEY[-4:]}")
    assert trail(row) == ["stored, by anna (API key test)"]
    gateway.reread_key()


@pytest.mark.parametrize("body", [{"key": "x" * 900}, {"key": 5}, {"kee": "RGAPI-of-somebody"}, "RGAPI-of-somebody"])
def test_a_refused_body_with_a_key_does_not_repeat_it(admin, body):
    told = admin.send("PUT", "/riot-key", body)
    assert problem(told)["status"] == 422
    assert b"RGAPI-of-somebody" not in told.content
    assert b"xxx" not in told.content
