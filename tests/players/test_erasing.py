"""Erasing a player: nothing that says who it was is left, and nothing brings them back by itself."""

import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from riotwatch_jobs.models import Execution, ExecutionLog, WorkItem
from riotwatch_messages.models import Follow, Message
from riotwatch_pages import command_line
from riotwatch_players import analysis, bans, bulk, erasing, reading, tracking
from riotwatch_players.ingest import store_match
from riotwatch_players.models import Erasure, MatchTeam, Participant, Player, Seen, Source
from riotwatch_players.standings import record_rank
from tests.players import factories
from tests.players.concurrency import at_once, wait_until_somebody_waits
from tests.players.pages import page, text_of, told

ADA = factories.puuid_of("Ada")


def store(match):
    return store_match(factories.source(), factories.id_of(match), match, now=factories.NOW, discover=None)


def erase(player):
    return erasing.erase(player, by="a test", user=command_line.account(), now=factories.NOW)


def everything_stored():
    """Every row of every table of ours and of the audit, as text."""
    tables = [model._meta.db_table for model in apps.get_models()]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT "{table}"::text FROM "{table}"')
            yield from (f"{table}: {row}" for (row,) in cursor.fetchall())


def rows_naming(*texts):
    return [row for row in everything_stored() if any(text in row for text in texts)]


@pytest.fixture
def talked_about(stored, admin_client):
    """The stored player, in the audit and in what runs say, too."""
    admin_client.post(page(Player, "pause", stored.pk), {"reason": "Ada#EUW asked for it"})
    when = {"queued_at": factories.NOW, "timeout_s": 90, "deadline_s": 90}
    run = Execution.objects.create(job_id="toy", trigger="cli", state="FAILED", reason=f"no answer for {ADA}", **when)
    data = {"player": stored.pk, "wanted": ["EUW1_7000000001"], "profile": True}
    item = WorkItem.objects.create(
        execution=run, key=f"player:{stored.pk}", data=data, queue="players", available_at=factories.NOW,
        state="FAILED", reason="Ada#EUW: nothing was found", traceback=f"KeyError: {ADA}",
    )  # fmt: skip
    Follow.objects.create(subject=f"player:{stored.pk}", target="ops")
    told = {"event": "account_flagged", "level": "warning", "target": "ops"}
    Message.objects.create(subject=f"player:{stored.pk}", text="Ada#EUW (euw1): likely smurf", **told)
    said = {"execution": run, "at": factories.NOW, "level": 20, "logger": "urllib3"}
    ExecutionLog.objects.create(item=item, message=f"GET /by-puuid/{ADA}", **said)
    ExecutionLog.objects.create(message="nothing about her", **said)
    return stored


def test_nothing_that_says_who_it_was_is_left(talked_about):
    reading.histories_of([talked_about], {talked_about.pk: []})
    assert MatchTeam.objects.exists()
    assert len({row.partition(":")[0] for row in rows_naming(ADA, "Ada#EUW")}) >= 5
    assert erase(talked_about)
    assert rows_naming(ADA, "Ada#EUW", "(Ada", ",Ada,") == []
    assert not MatchTeam.objects.exists()
    assert not Follow.objects.exists()
    assert Participant.objects.filter(player=None).count() == 1
    assert Player.objects.count() == 9
    item = WorkItem.objects.get()
    assert (item.reason, item.data) == ("[erased]: nothing was found", {"player": talked_about.pk, "profile": True})
    messages = ExecutionLog.objects.order_by("pk").values_list("message", flat=True)
    assert list(messages) == ["GET /by-puuid/[erased]", "nothing about her"]


def test_the_audit_keeps_who_did_something_and_when_without_the_name(talked_about, admin_user):
    erasing.erase(talked_about, by="admin", user=admin_user, now=factories.NOW)
    paused, erased = LogEntry.objects.filter(object_id=str(talked_about.pk)).order_by("pk")
    assert (paused.user, paused.object_repr, paused.change_message) == (admin_user, f"player {talked_about.pk}", "")
    assert (erased.user, erased.object_repr) == (admin_user, f"player {talked_about.pk}")
    assert erased.change_message == "erased, by admin"


def test_erasing_twice_says_that_nobody_is_there(stored):
    assert erase(stored)
    assert not erase(stored)


# --- Nothing brings them back ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_later_matches_are_stored_with_the_place_left_empty():
    first, second = factories.several(2)
    store(first)
    erase(Player.objects.get(puuid=ADA))
    done = store(second)
    assert (done.created, done.players_created, done.participants_created) == (True, 0, 10)
    assert not Player.objects.filter(puuid=ADA).exists()
    assert Participant.objects.filter(player=None).count() == 2
    assert Erasure.objects.count() == 1


@pytest.mark.django_db
def test_who_took_over_the_name_is_somebody_else():
    store(factories.body())
    erase(Player.objects.get(puuid=ADA))
    heir = factories.body("EUW1_2")
    heir["info"]["participants"][0]["puuid"] = factories.puuid_of("Heir")
    store(heir)
    assert Player.objects.get(puuid=factories.puuid_of("Heir")).riot_id == "Ada#EUW"


@pytest.mark.django_db
def test_under_another_application_the_name_tells_and_the_new_id_is_remembered():
    store(factories.body())
    erase(Player.objects.get(puuid=ADA))
    other = Source.objects.create(api_url=factories.API_URL, application=2, active=False)
    for number, name in ((2, "Ada"), (3, "Renamed")):
        match = factories.body(f"EUW1_{number}", started_at=factories.NOON + timedelta(days=number))
        for one in match["info"]["participants"]:
            one["puuid"] = one["puuid"].replace("puuid", "other")
        match["info"]["participants"][0]["riotIdGameName"] = name
        store_match(other, factories.id_of(match), match, now=factories.NOW, discover=None)
    assert Player.objects.filter(source=other).count() == 9
    assert not Player.objects.filter(game_name__in=["Ada", "Renamed"]).exists()


@pytest.mark.django_db
def test_rows_of_the_same_name_from_another_application_go_as_well():
    other = Source.objects.create(api_url=factories.API_URL, application=2, active=False)
    ada = factories.known("Ada")
    Player.objects.create(source=other, puuid="other-id", game_name="ada", tag_line="euw", platform="kr")
    Player.objects.create(source=ada.source, puuid="namesake", game_name="Ada", tag_line="EUW", platform="euw1")
    assert erase(ada)
    assert Player.objects.get().puuid == "namesake"
    assert Erasure.objects.count() == 2


def test_workers_that_are_at_it_store_nothing_more(stored):
    gone = Player.objects.get(pk=stored.pk)
    erase(stored)
    assert record_rank(gone, [factories.solo_queue("GOLD", "I")], now=timezone.now()) == 0
    seen = bans.Sighting(account=Seen.NOT_FOUND, summoner=Seen.NOT_FOUND)
    assert not bans.record(gone, seen, now=timezone.now()).newly_unavailable
    assert rows_naming(ADA, "Ada#EUW") == []


@pytest.mark.django_db(transaction=True)
def test_who_is_erased_while_being_judged_is_left_out(monkeypatch):
    for match in factories.several(3):
        store(match)
    ada, bela = (Player.objects.get(puuid=factories.puuid_of(name)) for name in ("Ada", "Bela"))
    judge = analysis.judge

    def erase_meanwhile(*given):
        threads = [threading.Thread(target=lambda: (erase(ada), connections.close_all()))]
        for thread in threads:
            thread.start()
            thread.join()
        return judge(*given)

    monkeypatch.setattr(analysis, "judge", erase_meanwhile)
    analysis.analyze([ada.pk, bela.pk], analysis.current_rule(), now=factories.NOW)
    assert (bela.analyses.count(), Player.objects.filter(pk=ada.pk).exists()) == (1, False)


@pytest.mark.django_db(transaction=True)
def test_matches_that_are_stored_at_the_same_time_bring_nobody_back():
    first, *others = factories.several(9)
    store(first)
    ada = Player.objects.get(puuid=ADA)
    assert at_once(lambda: erase(ada), *(lambda match=match: store(match) for match in others)) == []
    assert not Player.objects.filter(puuid=ADA).exists()
    assert Participant.objects.filter(player=None).count() == 9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("verb", "tracked"), [("track", False), ("untrack", True)])
def test_who_tracks_somebody_in_the_moment_of_their_erasure_is_told(admin_client, verb, tracked):
    ada = factories.known("Ada", tracked=tracked, tracked_at=factories.NOW if tracked else None)
    under_way, told_of = threading.Event(), []

    def erase_slowly():
        with transaction.atomic():
            erase(ada)
            under_way.set()
            wait_until_somebody_waits()

    def change():
        assert under_way.wait(20)
        told_of.extend(told(admin_client.post(page(Player, verb, ada.pk), follow=True)))

    assert at_once(erase_slowly, change) == []
    assert f"Player {ada.pk}: the player was erased at this very moment, and nothing was changed" in told_of
    assert not any("Ada" in text for text in told_of)
    assert rows_naming(ADA, "Ada#EUW") == []


# --- Adding again ----------------------------------------------------------------------------------------------------


def test_adding_by_hand_says_so_and_lifting_the_erasure_makes_it_possible(riot, capsys):
    call_command("track_player", riot[0], "--platform", "euw1")
    erase(Player.objects.get())
    with pytest.raises(CommandError, match="was erased here for good") as refusal:
        call_command("track_player", riot[0], "--platform", "euw1")
    assert (refusal.value.returncode, Player.objects.count()) == (2, 0)
    lines = bulk.read_lines(f"{riot[0]}\n{riot[1]}", platform="euw1")
    results = list(bulk.add_players(lines, track=False, clock=timezone.now))
    assert [one.outcome for one in results] == ["erased before", "added"]
    assert bulk.retained(results) == riot[0]
    call_command("track_player", riot[0], "--platform", "euw1", "--lift-erasure")
    assert Player.objects.tracked().get().riot_id == riot[0]
    assert not Erasure.objects.exists()
    call_command("track_player", riot[0], "--platform", "euw1")


def test_in_the_admin_an_erasure_is_lifted_by_who_may_erase(client, django_user_model, admin_client, riot):
    erase(tracking.add_player(riot[0], platform="euw1", now=timezone.now()))
    operator = django_user_model.objects.create_user("operator", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__in=["add_player", "view_player"]))
    client.force_login(operator)
    wanted = {"riot_id": riot[0], "platform": "euw1", "lift_erasure": "on"}
    for refused in (
        client.post(page(Player, "add"), wanted),
        admin_client.post(page(Player, "add"), wanted | {"lift_erasure": ""}),
    ):
        assert "was erased here for good" in text_of(refused)
    assert not Player.objects.exists()
    assert admin_client.post(page(Player, "add"), wanted).status_code == 302
    assert Player.objects.get().riot_id == riot[0]


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_page_says_what_goes_and_a_post_does_it(admin_client, stored):
    address = page(Player, "erase", stored.pk)
    assert f'href="{address}"' in text_of(admin_client.get(page(Player, "change", stored.pk)))
    text = text_of(admin_client.get(address))
    for words in ("Erase Ada#EUW", "1 standing,", "1 analysis,", "1 account check<", "1 stored match:"):
        assert words in text
    assert Player.objects.filter(pk=stored.pk).exists()
    response = admin_client.post(address, follow=True)
    assert told(response) == [f"Player {stored.pk} is erased, and will not be stored again."]
    assert not Player.objects.filter(pk=stored.pk).exists()
    assert admin_client.post(address).status_code == 404


def test_who_may_not_delete_players_may_not_erase_them(client, django_user_model, stored):
    operator = django_user_model.objects.create_user("operator", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__in=["change_player", "view_player"]))
    client.force_login(operator)
    assert "/erase/" not in text_of(client.get(page(Player, "change", stored.pk)))
    assert client.post(page(Player, "erase", stored.pk)).status_code == 403
    assert Player.objects.filter(pk=stored.pk).exists()


# --- The command -----------------------------------------------------------------------------------------------------


def refused(*arguments):
    with pytest.raises(CommandError) as refusal:
        call_command("erase_player", *arguments)
    assert refusal.value.returncode == 2
    return str(refusal.value)


def test_the_command_tells_what_goes_and_erases_with_yes(stored, capsys):
    assert "1 standings, 1 analyses, 1 labels, 1 account checks, and the link to 1 matches" in refused("ada#euw")
    call_command("erase_player", "ada#euw", "--yes")
    assert capsys.readouterr().out == f"player {stored.pk} is erased\n"
    assert not Player.objects.filter(puuid=ADA).exists()


def test_the_command_leaves_the_audit_entry_that_the_page_leaves(talked_about, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    call_command("erase_player", "Ada#EUW", "--yes")
    entry = LogEntry.objects.get(object_id=str(talked_about.pk), action_flag=DELETION)
    assert (entry.user.get_username(), entry.object_repr) == (command_line.ACCOUNT_NAME, f"player {talked_about.pk}")
    assert entry.change_message.startswith("erased, by ann@")
    assert entry.change_message.endswith(" (command line)")
    assert rows_naming(ADA, "Ada#EUW") == []


@pytest.mark.django_db
def test_the_command_erases_nobody_who_is_not_named_exactly():
    ada = factories.known("Ada")
    factories.known("Ada", puuid="elsewhere", platform="kr")
    assert "several were seen by that name" in refused("Ada#EUW", "--yes")
    assert "write Name#TAG" in refused("Ada#", "--yes")
    for text in ("Ada", "Nobody#1", ""):
        assert "nobody here is known by that" in refused(text, "--yes")
    call_command("erase_player", "Ada#EUW", "--platform", "KR", "--yes")
    call_command("erase_player", ada.puuid, "--yes")
    assert not Player.objects.exists()
