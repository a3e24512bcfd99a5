"""Adding players in the admin: one by a form, many by pasting; Riot is the simulator over HTTP."""

import re
import socket
import time

import pytest
import requests
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from riotwatch_players import tracking
from riotwatch_players.models import Player, Source
from riotwatch_players.riot.client import RiotClient
from tests.players.pages import page, text_of, told

PASTE = "paste"


def add(client, riot_id, **fields):
    return client.post(page(Player, "add"), {"riot_id": riot_id, "platform": "euw1", "track": "on", **fields})


def paste(client, *lines, **fields):
    data = {"riot_ids": "\n".join(lines), "platform": "euw1", "track": "on", **fields}
    return client.post(page(Player, PASTE), data)


def form_errors(response):
    errors = response.context["adminform"].form.errors
    return " ".join(text for texts in errors.values() for text in texts)


# --- Adding by Riot ID -----------------------------------------------------------------------------------------------


def test_a_player_is_added_by_riot_id_and_tracked(admin_client, riot):
    response = add(admin_client, riot[0])
    player = Player.objects.get()
    assert response.status_code == 302
    assert (player.riot_id, player.platform, player.tracked) == (riot[0], "euw1", True)
    assert LogEntry.objects.get().object_id == str(player.pk)


def test_a_player_may_be_added_without_being_tracked(admin_client, riot):
    add(admin_client, riot[0], track="")
    assert Player.objects.get().tracked is False


def test_adding_somebody_twice_is_one_player(admin_client, riot):
    assert add(admin_client, riot[0]).status_code == 302
    assert add(admin_client, riot[0]).status_code == 302
    assert Player.objects.count() == 1


@pytest.mark.parametrize(
    ("riot_id", "message"),
    [("Nobody Ever#0000", "Riot knows no Nobody Ever#0000 (euw1)"), ("no hash sign", "write Name#TAG")],
)
def test_a_wrong_riot_id_is_said_at_the_form_and_nothing_is_stored(admin_client, riot, riot_id, message):
    response = add(admin_client, riot_id)
    assert response.status_code == 200
    assert message in form_errors(response)
    assert not Player.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("fields", [{"platform": "mars1"}, {"riot_id": ""}])
def test_a_form_that_is_not_filled_in_properly_asks_riot_nothing(admin_client, settings, db, fields):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    response = add(admin_client, **{"riot_id": "Ada#EUW", **fields})
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == list(fields)


def test_one_more_than_the_limit_is_said_at_the_form_with_the_remedy(admin_client, riot, settings):
    settings.MAX_TRACKED_PLAYERS = 1
    add(admin_client, riot[0])
    response = add(admin_client, riot[1])
    assert "untrack one, or raise it" in form_errors(response)
    assert Player.objects.tracked().count() == 1
    assert add(admin_client, riot[1], track="").status_code == 302


def test_trouble_with_riot_is_said_at_the_form_without_the_key(admin_client, riot, settings):
    settings.RIOT_API_KEY = "RGAPI-unknown"
    text = form_errors(add(admin_client, riot[0]))
    assert "key" in text
    assert "RGAPI-unknown" not in text


def test_a_riot_that_does_not_answer_is_said_at_the_form(admin_client, settings, transactional_db):
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    assert form_errors(add(admin_client, "Ada#EUW"))


def test_a_database_of_another_riot_is_said_at_the_form(admin_client, riot):
    Source.objects.create(api_url="https://{host}.api.riotgames.com")
    assert "Set RIOT_API_URL back" in form_errors(add(admin_client, riot[0]))


def test_riot_is_asked_outside_of_any_transaction(admin_client, riot, monkeypatch):
    inside, ask = [], RiotClient.account_by_riot_id

    def note(self, *arguments, **named):
        inside.append(connection.in_atomic_block)
        return ask(self, *arguments, **named)

    monkeypatch.setattr(RiotClient, "account_by_riot_id", note)
    add(admin_client, riot[0])
    assert inside == [False]


@pytest.mark.parametrize(("riot_id", "field"), [("Nobody Ever#0000", "riot_id"), ("no hash sign", "riot_id")])
def test_a_refusal_stands_at_the_field_it_is_about(admin_client, riot, riot_id, field):
    assert list(add(admin_client, riot_id).context["adminform"].form.errors) == [field]


# --- Pasting many ----------------------------------------------------------------------------------------------------


def remaining(response):
    return response.context["form"]["riot_ids"].value()


def test_every_pasted_line_has_a_result_and_what_failed_stays_in_the_form(admin_client, riot):
    response = paste(admin_client, riot[0], "Nobody Ever#0000", "no hash sign", f"{riot[1]} euw1")
    outcomes = [str(one.outcome) for one in response.context["results"]]
    assert outcomes == ["now tracked", "not found", "not understood", "now tracked"]
    assert remaining(response) == "Nobody Ever#0000\nno hash sign"
    assert "2 of 4 worked out" in text_of(response)
    assert Player.objects.tracked().count() == 2
    assert sorted(LogEntry.objects.values_list("change_message", flat=True)) == ["tracked (pasted)"] * 2
    assert remaining(paste(admin_client, *riot[:2])) == ""


def test_pasted_players_need_not_be_tracked(admin_client, riot):
    paste(admin_client, riot[0], track="")
    assert Player.objects.get().tracked is False


def test_lines_over_the_limit_stay_with_the_remedy(admin_client, riot, settings):
    settings.MAX_TRACKED_PLAYERS = 1
    response = paste(admin_client, *riot[:3])
    assert remaining(response) == "\n".join(riot[1:3])
    assert "untrack one, or raise it" in text_of(response)


def test_a_refused_key_loses_no_line_and_shows_no_key(admin_client, riot, settings):
    settings.RIOT_API_KEY = "RGAPI-unknown-and-refused"
    response = paste(admin_client, *riot[:2])
    assert remaining(response) == "\n".join(riot[:2])
    assert "set_riot_key" in text_of(response)
    assert "RGAPI-unknown" not in text_of(response)


def test_too_many_lines_are_refused_and_kept(admin_client, db):
    lines = [f"P{number}#EUW" for number in range(201)]
    response = paste(admin_client, *lines)
    assert "201 lines" in text_of(response)
    assert response.context["form"]["riot_ids"].value().splitlines() == lines
    assert not Player.objects.exists()


def upload(client, content, **fields):
    return paste(client, file=SimpleUploadedFile("players.csv", content), **fields)


def test_a_file_is_read_like_pasted_lines_and_what_failed_stays_in_the_form(admin_client, riot):
    text = f"\ufeffriot_id,platform\r\n{riot[0]},euw1\r\nNobody Ever#0000,kr\r\n"
    response = upload(admin_client, text.encode())
    assert [one.outcome for one in response.context["results"]] == ["now tracked", "not found"]
    assert remaining(response) == "Nobody Ever#0000,kr"


@pytest.mark.parametrize(
    ("content", "lines", "said"),
    [
        (b"\xff\xfe\x00", [], "save the file as CSV in UTF-8"),
        (b"x" * 102_401, [], "The file is over 100 KB"),
        (b"Ada#EUW\n" * 201, [], "These are 201 lines"),
        (b"Ada#EUW", ["Bela#EUW"], "one of the two"),
        (b"  \n", [], "one of the two"),
    ],
)
def test_a_file_that_will_not_do_says_why(admin_client, db, content, lines, said):
    response = paste(admin_client, *lines, file=SimpleUploadedFile("players.csv", content))
    assert said in text_of(response)
    assert not Player.objects.exists()


def test_a_database_of_another_riot_is_said_and_the_lines_stay(admin_client, riot):
    Source.objects.create(api_url="https://{host}.api.riotgames.com")
    response = paste(admin_client, riot[0])
    assert "Set RIOT_API_URL back" in text_of(response)
    assert remaining(response) == riot[0]


def test_riot_is_asked_for_pasted_players_outside_of_any_transaction(admin_client, riot, monkeypatch):
    inside, ask = [], RiotClient.account_by_riot_id

    def note(self, *arguments, **named):
        inside.append(connection.in_atomic_block)
        return ask(self, *arguments, **named)

    monkeypatch.setattr(RiotClient, "account_by_riot_id", note)
    paste(admin_client, *riot[:2])
    assert inside == [False, False]


def test_who_may_only_look_pastes_nothing(viewer, riot):
    assert viewer.get(page(Player, PASTE)).status_code == 403
    assert paste(viewer, riot[0]).status_code == 403
    assert not Player.objects.exists()


# --- Looking up whom a search does not find --------------------------------------------------------------------------


def look_up(client, riot_id):
    return client.post(page(Player, "look_up"), {"riot_id": riot_id}, follow=True)


def test_searching_asks_nobody_and_offers_to_ask_riot(admin_client, riot, requests_sent):
    text = text_of(admin_client.get(page(Player), {"q": riot[0]}))
    assert f'name="riot_id" value="{riot[0]}"' in text
    assert requests_sent() == 0
    assert "Search for the whole Riot ID" in text_of(admin_client.get(page(Player), {"q": "somebody"}))
    add(admin_client, riot[0])
    assert 'name="riot_id"' not in text_of(admin_client.get(page(Player), {"q": riot[0]}))


def test_somebody_unknown_is_found_wherever_they_play_and_known_from_then_on(admin_client, world, requests_sent):
    for platform in ("kr", "na1", "euw1"):
        person = next(one for one in world.people if one.platform == platform and one.exists_at(world.now_s))
        response = look_up(admin_client, person.riot_id)
        player = Player.objects.get(platform=platform)
        assert response.redirect_chain == [(page(Player, "change", player.pk), 302)]
        assert (player.riot_id, player.states) == (person.riot_id, ("known",))
        assert told(response) == [f"{person.riot_id} plays on {platform}"]
    assert requests_sent() == 6
    assert LogEntry.objects.filter(change_message="added (looked up)").count() == 3


def test_whom_riot_does_not_know_is_told_and_nothing_is_stored(admin_client, riot, settings):
    for text, said in (
        ("Nobody Ever#0000", "Riot knows no Nobody Ever#0000: check the spelling"),
        ("no hash", "Name#TAG"),
    ):
        response = look_up(admin_client, text)
        (message,) = told(response)
        assert said in message
        assert response.context["cl"].query == text
    settings.RIOT_API_KEY = "RGAPI-unknown-and-refused"
    (message,) = told(look_up(admin_client, riot[0]))
    assert "set_riot_key" in message
    assert not Player.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_riot_that_does_not_answer_is_not_waited_for(admin_client, settings, monkeypatch):
    monkeypatch.setattr(tracking, "LONGEST_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.RIOT_API_URL = f"http://127.0.0.1:{silent.getsockname()[1]}/{{host}}"
        began = time.monotonic()
        (message,) = told(look_up(admin_client, "Ada#EUW"))
    assert "no complete answer arrived" in message
    assert time.monotonic() - began < 5


def test_a_budget_that_is_used_up_is_told_with_when_to_try_again(admin_client, riot, simulator):
    requests.post(f"{simulator.control}/limits", json={"application": "2:90"}, timeout=10).raise_for_status()
    look_up(admin_client, riot[0])
    (message,) = told(look_up(admin_client, riot[1]))
    assert re.fullmatch(r"the key's budget is used up for \d+ s: try again then", message)
    assert Player.objects.count() == 1


def test_looking_up_takes_a_post_and_the_right_to_add(viewer, admin_client, stored):
    assert admin_client.get(page(Player, "look_up")).status_code == 405
    assert viewer.post(page(Player, "look_up"), {"riot_id": "Bela#EUW"}).status_code == 403
    assert "look-up" not in text_of(viewer.get(page(Player), {"q": "Nobody#1"}))


def test_the_form_finds_out_the_platform_where_none_is_chosen(admin_client, world):
    person = next(one for one in world.people if one.platform == "kr" and one.exists_at(world.now_s))
    assert add(admin_client, person.riot_id, platform="").status_code == 302
    assert Player.objects.tracked().get().platform == "kr"
