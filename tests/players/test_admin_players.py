"""The admin's list of players, a player's page, and what an operator does there."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from riotwatch_messages import choosing
from riotwatch_players.admin import player_actions
from riotwatch_players.models import Analysis, Player
from riotwatch_players.standings import record_rank
from tests.players import factories
from tests.players.pages import page, text_of, told

LONG_AGO = timezone.now() - timedelta(days=8)


def act(client, action, *rows, query="", **fields):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return client.post(page(Player) + query, data, follow=True)


def listed(client, **query):
    """The names in the list."""
    response = client.get(page(Player), query)
    assert response.status_code == 200
    return {player.game_name for player in response.context["cl"].result_list}


def post(client, verb, player, **fields):
    return client.post(page(Player, verb, player.pk), fields, follow=True)


def factor(name, **changes):
    """As an analysis stores it."""
    facts = {
        "name": name,
        "state": "ok",
        "value": 0.64,
        "unit": "share of games won",
        "baseline": 0.5,
        "z": 1.8,
        "interval": [0.49, 0.76],
        "n_used": 44,
        "contribution": 1.38,
        "contribution_boosted": -0.61,
        "text": "28 of 44 games won",
    }
    return facts | changes


UNKNOWN = factor(
    *("rank_progression",),
    state="unknown",
    value=None,
    baseline=None,
    z=None,
    interval=None,
    n_used=0,
    contribution=0.0,
    contribution_boosted=0.0,
    text="rank history: not known",
)


def analyzed(player, **changes):
    facts = {
        "analyzed_at": factories.NOW + timedelta(hours=1),
        "games_used": 44,
        "verdict": "likely_smurf",
        "smurf_score": 96.0,
        "boosted_score": 25.0,
        "smurf_p": 0.85,
        "boosted_p": 0.04,
        "confidence": 0.59,
        "summary": "Why: wins a lot.",
        "factors": [factor("win_rate"), UNKNOWN],
    }
    return Analysis.objects.create(player=player, **(facts | changes))


# --- The list --------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(db):
    """One player in each state, named by it."""
    done = {"history_full_at": factories.NOW, "rank_checked_at": factories.NOW, "analyzed_at": factories.NOW}
    factories.known("Known")
    factories.known("Discovered", discovered_at=timezone.now())
    factories.known("Stuck", discovered_at=LONG_AGO)
    factories.known("Tracked", tracked=True, tracked_at=timezone.now(), platform="kr")
    factories.known("Paused", tracked=True, tracked_at=LONG_AGO, paused=True)
    factories.known("Gone", discovered_at=LONG_AGO, unavailable_at=factories.NOW)
    factories.known("Smurf", discovered_at=LONG_AGO, verdict="likely_smurf", smurf_score=96, **done)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"watched": "tracked"}, {"Tracked", "Paused"}),
        ({"watched": "discovered"}, {"Discovered", "Stuck", "Gone", "Smurf"}),
        ({"watched": "known"}, {"Known"}),
        ({"watched": "paused"}, {"Paused"}),
        ({"watched": "unavailable"}, {"Gone"}),
        ({"watched": "not_resolving"}, {"Gone"}),
        ({"watched": "nonsense"}, set()),
        ({"verdict": "flagged"}, {"Smurf"}),
        ({"verdict": "likely_smurf"}, {"Smurf"}),
        ({"verdict": "normal"}, set()),
        ({"verdict": "none", "watched": "known"}, {"Known"}),
        ({"stage": "analyzed"}, {"Smurf"}),
        ({"stage": "matches", "watched": "tracked"}, {"Tracked", "Paused"}),
        ({"stuck": "1"}, {"Stuck"}),
        ({"platform": "kr"}, {"Tracked"}),
        ({"q": "smurf#EUW"}, {"Smurf"}),
        ({"q": "S"}, {"Stuck", "Smurf"}),
        ({"q": factories.puuid_of("Gone")}, {"Gone"}),
        ({"q": "nobody"}, set()),
    ],
)
def test_the_list_is_narrowed_and_searched(admin_client, crowd, query, found):
    assert listed(admin_client, **query) == found


def test_the_list_shows_states_verdict_scores_and_stage_in_words(admin_client, crowd):
    text = text_of(admin_client.get(page(Player), {"watched": "discovered"}))
    for words in ("unavailable", "likely smurf", "96 ·", "waiting for matches", "analyzed"):
        assert words in text


def test_tracked_players_come_first(admin_client, crowd):
    order = [player.tracked for player in admin_client.get(page(Player)).context["cl"].result_list]
    assert order == sorted(order, reverse=True)


def test_an_empty_list_says_how_to_begin(admin_client, db):
    assert "Add a player by Riot ID" in text_of(admin_client.get(page(Player)))


def test_a_player_whose_name_is_unknown_can_be_opened(admin_client, stored):
    Player.objects.filter(pk=stored.pk).update(game_name="", tag_line="")
    assert page(Player, "change", stored.pk) in text_of(admin_client.get(page(Player)))
    assert f"player {stored.pk}" in text_of(admin_client.get(page(Player, "change", stored.pk)))


def test_a_list_of_many_players_does_not_ask_the_database_for_each(admin_client, stored, django_assert_max_num_queries):
    for number in range(40):
        factories.known(f"P{number}")
    with django_assert_max_num_queries(12):
        admin_client.get(page(Player))


# --- A player's page -------------------------------------------------------------------------------------------------


def test_a_players_page_tells_everything_that_is_known(admin_client, stored):
    analyzed(stored)
    record_rank(stored, [factories.solo_queue(points=75)], now=factories.NOW + timedelta(days=1))
    response = admin_client.get(page(Player, "change", stored.pk))
    text = text_of(response)
    for words in ("Ada#EUW", "GOLD II 75 LP", "likely smurf", "Why: wins a lot.", "waiting for matches", "resolves"):
        assert words in text
    assert "Annie" in text  # the champion of the one match
    assert "4 / 4 / 6" in text
    assert page(Analysis, "change", stored.analyses.order_by("-id").first().pk) in text
    curve = response.context["curve"]
    assert curve.path.count("H") == 2
    assert curve.ticks[0].label == "Gold II"


def test_the_factors_stand_with_their_figures_for_and_against_and_unknown_ones_apart(admin_client, stored):
    analyzed(stored, factors=[UNKNOWN, factor("account_level", contribution=-2.0, unit="level"), factor("win_rate")])
    response = admin_client.get(page(Player, "change", stored.pk))
    chart = response.context["chart"]
    strongest, second = chart.rows
    assert (strongest.title, strongest.smurf.side, strongest.smurf.width, strongest.smurf.left) == (
        *("Account level", "against"),
        *(50.0, 0.0),
    )
    assert (second.value, second.usual, second.interval, second.deviations, second.games) == (
        *("64%", "50%", "49% to 76%", "+1.8"),
        44,
    )
    assert (second.smurf.side, second.smurf.text, second.boosted.side) == ("for", "+1.38", "against")
    assert (chart.smurf_sum, chart.boosted_sum, chart.unknown) == ("-0.62", "-1.22", ["rank history: not known"])
    assert "+1.38" in text_of(response)


def test_without_an_analysis_the_page_says_how_far_it_is(admin_client, db):
    player = factories.known("Ada", tracked=True, tracked_at=factories.NOW, ranked_games=12)
    response = admin_client.get(page(Player, "change", player.pk))
    assert "12 ranked games are stored, of 20 that it takes" in text_of(response)
    assert {start.title: bool(start.why_not) for start in response.context["starts"]} == {
        "Refresh now": False,
        "Analyze now": True,
    }


def test_a_players_page_asks_the_database_a_fixed_number_of_times(admin_client, stored, django_assert_max_num_queries):
    analyzed(stored)
    with django_assert_max_num_queries(17):
        admin_client.get(page(Player, "change", stored.pk))


def test_a_player_who_is_not_there_leads_back(admin_client, db):
    assert admin_client.get(page(Player, "change", 1234567)).status_code == 302


# --- Actions ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_players_are_tracked_and_untracked_with_a_trace(admin_client):
    ada, bela = factories.known("Ada"), factories.known("Bela")
    assert told(act(admin_client, "track_players", ada, bela)) == ["Ada#EUW, Bela#EUW are tracked"]
    assert Player.objects.tracked().count() == 2
    assert told(act(admin_client, "untrack_players", ada)) == ["Ada#EUW is no longer tracked"]
    assert list(Player.objects.tracked()) == [bela]
    trace = LogEntry.objects.filter(object_id=str(ada.pk)).order_by("id").values_list("change_message", flat=True)
    assert list(trace) == ["tracked", "no longer tracked"]


@pytest.mark.django_db(transaction=True)
def test_tracking_stops_at_the_limit_and_says_so(admin_client, settings):
    settings.MAX_TRACKED_PLAYERS = 2
    players = [factories.known(name) for name in ("Ada", "Bela", "Cleo")]
    messages = told(act(admin_client, "track_players", *players))
    assert Player.objects.tracked().count() == 2
    assert any("2 players are tracked already" in message for message in messages)
    assert any("are tracked" in message for message in messages)


def test_one_action_changes_so_many_players_at_most_or_none(admin_client, db, monkeypatch):
    monkeypatch.setattr(player_actions, "MOST_AT_ONCE", 2)
    players = [factories.known(name) for name in ("Ada", "Bela", "Cleo")]
    assert told(act(admin_client, "pause_players", *players)) == ["Choose 2 players at most"]
    assert not Player.objects.filter(paused=True).exists()


def test_players_are_paused_with_a_reason_and_resumed(admin_client, stored):
    assert told(act(admin_client, "pause_players", stored, reason="on holiday")) == ["Ada#EUW is paused: on holiday"]
    stored.refresh_from_db()
    assert (stored.paused, stored.paused_reason, stored.active) == (True, "on holiday", False)
    act(admin_client, "resume_players", stored)
    stored.refresh_from_db()
    assert (stored.paused, stored.paused_reason) == (False, "")


def test_filters_and_page_survive_an_action(admin_client, stored):
    response = act(admin_client, "pause_players", stored, query="?watched=tracked&p=1")
    assert response.redirect_chain == [(f"{page(Player)}?watched=tracked&p=1", 302)]


@pytest.mark.django_db(transaction=True)
def test_the_buttons_of_a_players_page_change_the_player_with_a_trace(admin_client):
    ada = factories.known("Ada")
    for verb, fields, state in [
        ("track", {}, ("tracked",)),
        ("pause", {"reason": "on holiday"}, ("tracked", "paused")),
        ("resume", {}, ("tracked",)),
        ("untrack", {}, ("known",)),
    ]:
        response = post(admin_client, verb, ada, **fields)
        assert response.redirect_chain == [(page(Player, "change", ada.pk), 302)]
        ada.refresh_from_db()
        assert ada.states == state
    trace = LogEntry.objects.order_by("id").values_list("change_message", flat=True)
    assert list(trace) == ["tracked", "paused: on holiday", "no longer paused", "no longer tracked"]
    assert "paused: on holiday" in text_of(admin_client.get(page(Player, "change", ada.pk)))


@pytest.mark.parametrize("verb", ["track", "untrack", "pause", "resume"])
def test_a_look_changes_nothing_and_a_form_from_elsewhere_is_refused(admin_user, stored, verb):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.get(page(Player, verb, stored.pk)).status_code == 405
    assert client.post(page(Player, verb, stored.pk)).status_code == 403
    stored.refresh_from_db()
    assert stored.states == ("tracked",)


def test_who_may_only_look_can_neither_track_nor_pause(viewer, stored):
    act(viewer, "untrack_players", stored)
    for verb in ("track", "untrack", "pause", "resume"):
        assert viewer.post(page(Player, verb, stored.pk)).status_code == 403
    stored.refresh_from_db()
    assert stored.states == ("tracked",)
    assert not LogEntry.objects.exists()
    text = text_of(viewer.get(page(Player, "change", stored.pk)))
    assert 'aria-label="Actions"' not in text


# --- Telling of one player ---


def test_a_player_is_followed_by_the_chosen_targets_and_the_page_shows_which(admin_client, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/", "team": "json://127.0.0.1:9/"}
    ada = factories.known("Ada")
    answer = post(admin_client, "follow", ada, target=["phone"])
    assert told(answer) == ["Ada#EUW: news are told to phone"]
    assert "Messages to phone</summary>" in text_of(answer)
    refused = post(admin_client, "follow", ada, target=["team", "fax"])
    assert "fax is not one of the available choices" in told(refused)[0]
    assert choosing.followers(f"player:{ada.pk}") == {"phone"}
    post(admin_client, "follow", ada)
    assert choosing.followers(f"player:{ada.pk}") == set()
    traces = LogEntry.objects.order_by("id").values_list("change_message", flat=True)
    assert list(traces) == ["news are told to phone", "news are told as those of others"]


def test_who_may_not_change_players_follows_none(viewer, settings):
    settings.NOTIFY_URLS = {"phone": "json://127.0.0.1:9/"}
    ada = factories.known("Ada")
    assert "Tell of this player" not in text_of(viewer.get(page(Player, "change", ada.pk)))
    assert viewer.post(page(Player, "follow", ada.pk), {"target": "phone"}).status_code == 403
    assert choosing.followers(f"player:{ada.pk}") == set()


def test_without_targets_nothing_is_offered(admin_client, settings):
    settings.NOTIFY_URLS = {}
    assert "Tell of this player" not in text_of(admin_client.get(page(Player, "change", factories.known("Ada").pk)))
