"""Which key is used, how it is kept, and what is made of Riot refusing it."""

import io
import logging
import time
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from riotwatch_players import gateway, keys, outages
from riotwatch_players.models import KeyOutage, Player, RiotKey
from riotwatch_players.outages import Verdict
from riotwatch_players.riot.errors import ForeignId, KeyRefused
from riotwatch_players.riot.limiter import Lane
from riotwatch_players.simulator.app import App, Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
from riotwatch_players.simulator.server import RunningSimulator
from riotwatch_players.simulator.world import World

NEW_KEY = "RGAPI-00000000-0000-4000-8000-000000005555"
FOREIGN_KEY = "RGAPI-00000000-0000-4000-8000-000000009999"

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulator():
    world = World("keys", began_at_s=int(time.time()), people=100, history_days=5)
    options = Options(application_rates=parse_rates("100000:10"), method_rates={})
    app = App(world, options, wall=time.time)
    with RunningSimulator(app, address="127.0.0.1", port=0) as running:
        yield app, running.url


@pytest.fixture
def riot(simulator, settings):
    """A server that knows three keys, two of them of one application."""
    app, address = simulator
    app.keys.add(DEMO_KEY, "demo")
    app.keys.add(NEW_KEY, "demo")
    app.keys.add(FOREIGN_KEY, "another")
    app.faults.clear()
    settings.RIOT_API_URL = address
    settings.RIOT_API_KEY = DEMO_KEY
    gateway.reread_key()
    yield app
    app.faults.clear()


def refusal(host="europe"):
    return KeyRefused(endpoint="match-v5.match", host=host, status=401)


def a_known_player(riot) -> Player:
    """Somebody whom Riot knew by the puuid stored here."""
    person = next(p for p in riot.world.people if p.exists_at(riot.world.now_s))
    name, tag = person.riot_id.split("#")
    account = gateway.client(Lane.INTERACTIVE).account_by_riot_id(name, tag, platform=person.platform)
    return Player.objects.create(
        source=gateway.current_source(), puuid=account.puuid, platform=person.platform, last_updated=timezone.now()
    )


# --- Which key ---


def test_the_environments_key_is_used_until_one_is_stored_and_then_the_stored_one(settings):
    settings.RIOT_API_KEY = "RGAPI-of-the-environment"
    assert keys.current().text == "RGAPI-of-the-environment"
    keys.store(NEW_KEY)
    assert keys.current().text == NEW_KEY


def test_a_key_that_is_new_in_the_environment_goes_before_an_older_stored_one(settings):
    settings.RIOT_API_KEY = "RGAPI-of-the-environment"
    keys.current()
    keys.store(NEW_KEY)
    settings.RIOT_API_KEY = "RGAPI-of-the-next-day"
    assert keys.current().text == "RGAPI-of-the-next-day"
    assert keys.current().text == "RGAPI-of-the-next-day"


def test_processes_without_a_key_of_their_own_use_the_stored_one(settings):
    settings.RIOT_API_KEY = ""
    assert keys.current().text == ""
    keys.store(NEW_KEY)
    assert keys.current().text == NEW_KEY


def test_a_shell_with_another_environment_does_not_take_the_stored_key_from_the_others(settings):
    """The key is stored from a shell whose environment lacks what the workers have in theirs."""
    settings.RIOT_API_KEY = "RGAPI-of-the-workers"
    keys.current()
    settings.RIOT_API_KEY = ""
    keys.store(NEW_KEY)
    settings.RIOT_API_KEY = "RGAPI-of-the-workers"
    assert keys.current().text == NEW_KEY


def test_forgetting_the_stored_key_brings_the_environments_back(settings):
    settings.RIOT_API_KEY = "RGAPI-of-the-environment"
    keys.store(NEW_KEY)
    assert keys.forget()
    assert not keys.forget()
    assert keys.current().text == "RGAPI-of-the-environment"


def test_nothing_in_the_database_gives_a_key_away(settings):
    settings.RIOT_API_KEY = "RGAPI-of-the-environment"
    keys.current()
    keys.store(NEW_KEY)
    rows = [str(row) for row in RiotKey.objects.values()]
    assert len(rows) == 2
    assert not any(secret in row for row in rows for secret in (NEW_KEY, "00005555", "of-the"))
    assert repr(keys.current()).find("RGAPI") == -1


def test_a_key_stored_under_another_secret_is_not_used_and_the_log_names_the_remedy(settings, caplog):
    settings.RIOT_API_KEY = ""
    keys.store(NEW_KEY)
    settings.SECRET_KEY = "another installation's secret"
    assert keys.current().text == ""
    assert "set_riot_key" in caplog.text


@pytest.mark.parametrize("text", ["", "  ", "short", "RGAPI-with a space in it", "RGAPI-ümlaut-in-the-key", "x" * 500])
def test_what_cannot_be_a_key_is_refused_without_being_repeated(text):
    with pytest.raises(keys.BadKey) as refused:
        keys.store(text)
    assert not text.strip() or text not in str(refused.value)


def test_a_stored_key_is_noticed_by_the_running_process_and_has_a_budget_of_its_own(riot):
    before = gateway.limiter()
    keys.store(NEW_KEY)
    assert gateway.reread_key().text == NEW_KEY
    assert gateway.limiter() is not before
    assert gateway.client(Lane.TRACKED).platform_status("euw1").id


# --- Outages ---


def test_a_refusal_is_an_outage_only_when_the_status_page_refuses_the_key_too(riot):
    assert outages.judge_refusal(refusal()) is Verdict.NOT_THE_KEY
    assert outages.standing() is None


def test_a_dead_key_is_an_outage_with_since_why_and_remedy(riot, caplog):
    riot.keys.expire(DEMO_KEY, status=401)
    assert outages.judge_refusal(refusal()) is Verdict.THE_KEY
    outage = outages.standing()
    assert outage.kind == KeyOutage.REFUSED
    assert outage.since is not None
    assert "match-v5.match on europe" in outage.why
    assert "set_riot_key" in outages.remedy(outage)
    assert "riot_key_refused" in caplog.text
    assert DEMO_KEY not in caplog.text


@pytest.mark.parametrize("host", ["americas", "asia", "europe", "sea", "kr"])
def test_the_status_page_asked_is_near_the_host_that_refused(riot, host):
    riot.keys.expire(DEMO_KEY, status=403)
    outages.judge_refusal(refusal(host))
    assert outages.standing().platform in {"br1", "jp1", "eun1", "oc1", "kr"}


def status_requests(riot):
    """All requests of these tests but those for accounts; refused ones are not counted by endpoint."""
    return riot.counters.requests


def test_many_who_meet_the_same_refusal_ask_the_status_page_once(riot):
    before = status_requests(riot)
    verdicts = [outages.judge_refusal(refusal()) for _ in range(5)]
    assert verdicts == [Verdict.NOT_THE_KEY] * 5
    assert status_requests(riot) == before + 1


def test_an_open_outage_is_probed_once_a_minute_by_whoever_comes_first(riot):
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    before = status_requests(riot)
    for _ in range(3):
        assert outages.standing()
    assert status_requests(riot) == before
    a_minute_passes()
    for _ in range(3):
        assert outages.standing()
    assert status_requests(riot) == before + 1


def a_minute_passes():
    KeyOutage.objects.update(next_probe_at=F("next_probe_at") - timedelta(seconds=60))


def test_a_good_answer_ends_the_outage(riot):
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    riot.keys.add(DEMO_KEY, "demo")
    assert outages.standing()
    a_minute_passes()
    assert outages.standing() is None


def test_a_process_with_another_key_does_not_wait_the_minute(riot, settings):
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    settings.RIOT_API_KEY = NEW_KEY
    KeyOutage.objects.update(next_probe_at=Now() + timedelta(seconds=50))
    assert outages.standing() is None


def test_trouble_at_riot_neither_opens_nor_closes_anything(riot):
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    riot.keys.add(DEMO_KEY, "demo")
    arm(riot, 503)
    a_minute_passes()
    assert outages.standing()
    KeyOutage.objects.all().delete()
    assert outages.judge_refusal(refusal()) is Verdict.UNDECIDED
    assert outages.standing() is None


def arm(riot, status):
    from riotwatch_players.simulator.faults import read_fault

    riot.faults.arm(read_fault({"kind": "status", "status": status, "endpoint": "lol-status-v4.platform-data"}))


def test_ids_that_no_longer_work_are_an_outage_of_their_own(riot, settings):
    a_known_player(riot)
    settings.RIOT_API_KEY = FOREIGN_KEY
    error = ForeignId(endpoint="summoner-v4.by-puuid", host="euw1", status=400)
    assert outages.judge_foreign_id(error) is Verdict.THE_KEY
    assert "another application" in outages.remedy(outages.standing())
    settings.RIOT_API_KEY = DEMO_KEY
    a_minute_passes()
    assert outages.standing() is None


def test_one_odd_id_is_no_outage(riot):
    a_known_player(riot)
    error = ForeignId(endpoint="summoner-v4.by-puuid", host="euw1", status=400)
    assert outages.judge_foreign_id(error) is Verdict.NOT_THE_KEY


# --- Replacing it ---


def set_key(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))
    out = io.StringIO()
    call_command("set_riot_key", stdout=out)
    return out.getvalue()


def test_set_riot_key_reads_standard_input_stores_and_ends_the_outage(riot, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    said = set_key(monkeypatch, f"  {NEW_KEY} ")
    assert "…5555" in said
    assert NEW_KEY not in said + caplog.text
    assert outages.standing() is None
    assert gateway.key_in_use().text == NEW_KEY


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("RGAPI-unknown-to-riot", 2, "asked at http://127.0.0.1"),
        ("nonsense of a key", 2, "RGAPI-"),
        ("", 2, "RGAPI-"),
        (FOREIGN_KEY, 2, "another application"),
    ],
)
def test_a_key_that_does_not_work_here_is_not_stored_and_the_message_says_why(riot, monkeypatch, text, code, words):
    a_known_player(riot)
    with pytest.raises(CommandError, match=words) as refused:
        set_key(monkeypatch, text)
    assert refused.value.returncode == code
    assert not text or text not in str(refused.value)
    assert gateway.reread_key().text == DEMO_KEY


def test_a_key_is_not_stored_while_riot_cannot_be_asked(riot, monkeypatch):
    arm(riot, 503)
    with pytest.raises(CommandError, match="Try again"):
        set_key(monkeypatch, NEW_KEY)
    assert not RiotKey.objects.filter(origin="stored").exists()


def test_forget_says_which_key_is_used_then(riot):
    keys.store(NEW_KEY)
    out = io.StringIO()
    call_command("set_riot_key", "--forget", stdout=out)
    assert "environment (…0000)" in out.getvalue()


def test_a_shell_that_is_set_up_for_another_riot_is_told_so(riot, settings, monkeypatch):
    gateway.current_source()
    settings.RIOT_API_URL = "http://127.0.0.1:9/{host}"
    with pytest.raises(CommandError, match="use another database"):
        set_key(monkeypatch, NEW_KEY)


def test_track_player_names_the_remedy_when_the_key_is_refused(riot):
    riot.keys.expire(DEMO_KEY, status=401)
    with pytest.raises(CommandError, match="set_riot_key"):
        call_command("track_player", "Some One#EUW", "--platform", "euw1")


# --- The page ---


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("operator"))
    return client


ADD = "/admin/riotwatch_players/riotkey/add/"
LIST = "/admin/riotwatch_players/riotkey/"


def test_a_key_is_pasted_in_the_admin_and_never_shown_again(riot, operator):
    answer = operator.post(ADD, {"key": NEW_KEY}, follow=True)
    assert "…5555" in answer.content.decode()
    stored = RiotKey.objects.get(origin="stored")
    pages = [answer, operator.get(LIST), operator.get(f"{LIST}{stored.pk}/change/")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert not any(secret in page.content.decode() for page in pages for secret in (NEW_KEY, stored.secret))
    assert gateway.key_in_use().text == NEW_KEY


def test_a_key_that_riot_refuses_is_a_message_at_the_form(riot, operator):
    answer = operator.post(ADD, {"key": "RGAPI-unknown-to-riot"})
    assert "Nothing was stored" in answer.content.decode()
    assert "RGAPI-unknown-to-riot" not in answer.content.decode()
    assert not RiotKey.objects.filter(origin="stored").exists()


def test_the_page_tests_the_key_in_use_whether_or_not_any_is_listed(riot, operator):
    RiotKey.objects.all().delete()
    assert "Riot accepts the key" in operator.post(f"{LIST}test/", follow=True).content.decode()
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    answer = operator.post(f"{LIST}test/", follow=True).content.decode()
    assert "the key was refused" in answer
    assert "developer.riotgames.com" in answer


def test_the_page_says_which_key_is_used_since_when_and_what_is_wrong_with_it(riot, operator):
    gateway.reread_key()
    answer = operator.get(LIST).content.decode()
    assert f"…{DEMO_KEY[-4:]}" in answer
    assert "from the environment since" in answer
    assert "no trouble known" in answer
    riot.keys.expire(DEMO_KEY, status=401)
    outages.judge_refusal(refusal())
    answer = operator.get(LIST).content.decode()
    assert outages.REMEDIES["refused"] in answer
    assert DEMO_KEY not in answer


def test_the_page_opens_where_there_is_no_key(riot, operator, settings):
    settings.RIOT_API_KEY = ""
    gateway.reread_key()
    assert "There is no key" in operator.get(LIST).content.decode()


def test_the_stored_key_is_forgotten_with_a_trace(riot, operator):
    operator.post(ADD, {"key": NEW_KEY})
    answer = operator.post(f"{LIST}forget/", follow=True).content.decode()
    assert f"…{DEMO_KEY[-4:]}, of the environment, is used" in answer
    assert gateway.key_in_use().text == DEMO_KEY
    assert LogEntry.objects.latest("id").change_message == "forgot the stored key …5555"
    assert "No key was stored" in operator.post(f"{LIST}forget/", follow=True).content.decode()


@pytest.mark.parametrize("action", ["test", "forget"])
def test_a_look_neither_tests_nor_forgets_and_takes_the_permission(riot, client, operator, action):
    assert operator.get(f"{LIST}{action}/").status_code == 405
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_riotkey"))
    client.force_login(viewer)
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}{action}/").status_code == 403


def test_somebody_without_the_permission_sees_no_key(riot, client):
    client.force_login(User.objects.create_user("viewer", is_staff=True))
    assert client.get(LIST).status_code == client.get(ADD).status_code == 403
