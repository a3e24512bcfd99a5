"""Players as files."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from riotwatch_players.api import exports
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Analysis
from riotwatch_players.standings import record_rank
from tests.api.callers import problem
from tests.players import factories


@pytest.fixture
def known(ada):
    """Ada with two matches, two standings and an analysis whose summary is a trap."""
    for number in (1, 2):
        body = factories.body(f"EUW1_{number}", started_at=factories.NOON + timedelta(hours=number))
        store_match(ada.source, f"EUW1_{number}", body, now=factories.NOW, discover=None)
    for day, division in enumerate(("II", "I")):
        record_rank(ada, [factories.solo_queue("GOLD", division)], now=factories.NOW + timedelta(days=day))
    Analysis.objects.create(
        player=ada, analyzed_at=factories.NOW, games_used=30, verdict="watch", smurf_score=40.5, confidence=0.9,
        factors=[], summary='=HYPERLINK("http://example.org","click")',
    )  # fmt: skip
    return ada


def text_of(response):
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def rows_of(response):
    return list(csv.DictReader(io.StringIO(text_of(response))))


def test_everything_is_one_document_that_says_what_the_lists_say(viewer, known):
    response = viewer.get(f"/players/{known.puuid}/export")
    assert response.headers["Content-Disposition"] == f'attachment; filename="player-{known.pk}.json"'
    assert response.headers["Cache-Control"] == "private, no-store"
    told = json.loads(text_of(response))
    assert told["player"] == viewer.get(f"/players/{known.puuid}").json()
    for part in ("matches", "ranks", "analyses"):
        assert told[part] == viewer.get(f"/players/{known.puuid}/{part}").json()["items"]
    assert [len(told[part]) for part in ("matches", "ranks", "analyses")] == [2, 2, 1]


def test_rows_come_as_csv_newest_first(viewer, known):
    response = viewer.get(f"/players/{known.puuid}/export.csv", part="matches")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    newest, _ = rows_of(response)
    assert (newest["match_id"], newest["champion"], newest["win"], newest["kills"]) == ("EUW1_2", "Annie", "true", "4")
    ranks = rows_of(viewer.get(f"/players/{known.puuid}/export.csv", part="ranks"))
    assert [(rank["tier"], rank["division"]) for rank in ranks] == [("GOLD", "I"), ("GOLD", "II")]
    assert ranks[0]["seen_at"] == "2026-04-21T00:00:00+00:00"


def test_a_text_that_a_spreadsheet_would_run_is_defused_and_numbers_are_not(viewer, known):
    Analysis.objects.update(smurf_p=-0.5)
    (row,) = rows_of(viewer.get(f"/players/{known.puuid}/export.csv", part="analyses"))
    assert row["summary"] == '\'=HYPERLINK("http://example.org","click")'
    assert (row["smurf_score"], row["smurf_probability"], row["boosted_score"]) == ("40.5", "-0.5", "")
    assert "factors" not in row


def test_a_download_is_bounded(viewer, known, monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    told = json.loads(text_of(viewer.get(f"/players/{known.puuid}/export")))
    assert [one["match_id"] for one in told["matches"]] == ["EUW1_2"]
    assert len(rows_of(viewer.get(f"/players/{known.puuid}/export.csv", part="ranks"))) == 1


def test_what_is_not_there_is_not_downloaded(viewer, known):
    assert problem(viewer.get("/players/nobody/export"))["status"] == 404
    assert problem(viewer.get(f"/players/{known.puuid}/export.csv", part="secrets"))["errors"][0]["field"] == "part"


def test_the_players_page_offers_the_downloads_to_whom_the_api_answers(client, admin_client, django_user_model, known):
    page = reverse("admin:riotwatch_players_player_change", args=[known.pk])
    document = f"/api/v1/players/{known.puuid}/export"
    text = admin_client.get(page).content.decode()
    for address in (document, f"{document}.csv?part=matches", f"{document}.csv?part=ranks"):
        assert f'href="{address}"' in text
        assert text_of(admin_client.get(address))
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_player"))
    client.force_login(looker)
    assert document not in client.get(page).content.decode()
