"""A job's settings: a form made from its Config, which stores what differs from the defaults."""

from typing import Literal

import pydantic
import pytest
from admin_pages import act, audit_of, change_page, page, save_form, text_of, told
from toy_jobs import toy_job

from riotwatch_jobs import scheduling
from riotwatch_jobs.base import JobConfig
from riotwatch_jobs.models import Execution, JobConfiguration
from riotwatch_jobs.registry import registered_temporarily

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("synced")]


def errors_of(response):
    assert response.status_code == 200
    return {name: " ".join(texts) for name, texts in response.context["adminform"].form.errors.items()}


def test_a_setting_is_edited_in_a_field_of_its_own_and_used_by_the_next_run(admin_client, toy_row):
    response = save_form(admin_client, toy_row, setting_apples="7", timeout_s="30", deadline_s="600", catch_up_s="0")
    assert response.status_code == 302
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 7}
    assert (toy_row.timeout_s, toy_row.deadline_s, toy_row.catch_up_s) == (30, 600, 0)
    act(admin_client, "run_now", toy_row)
    assert Execution.objects.get().config == {"apples": 7}


def test_the_form_explains_each_setting_with_its_bounds_and_default(admin_client, toy_row):
    text = text_of(admin_client.get(change_page(toy_row)))
    assert "How many apples. At least 1, at most 10. Default: 3." in text
    assert 'placeholder="3"' in admin_client.get(change_page(toy_row)).content.decode()


def test_an_emptied_field_follows_the_default_again(admin_client, toy_row):
    JobConfiguration.objects.update(config={"apples": 7})
    save_form(admin_client, toy_row, setting_apples="")
    toy_row.refresh_from_db()
    assert toy_row.config == {}


@pytest.mark.parametrize("typed", ["99", "seven", "7.5", "NaN", "[7]"])
def test_a_bad_setting_is_refused_at_its_field_with_the_remedy_and_kept_as_typed(admin_client, toy_row, typed):
    response = save_form(admin_client, toy_row, setting_apples=typed)
    errors = errors_of(response)
    assert "Allowed is at least 1, at most 10. An emptied field follows the default." in errors["setting_apples"]
    assert f'value="{typed}"' in response.content.decode()
    toy_row.refresh_from_db()
    assert toy_row.config == {}


class Fruit(JobConfig):
    """One setting of each kind."""

    ripe: bool = pydantic.Field(True, description="Only ripe ones.")
    kind: Literal["apple", "pear"] = pydantic.Field("apple", description="Which.")
    share: float = pydantic.Field(0.5, gt=0, lt=1, description="How much.")
    name: str = pydantic.Field("x", max_length=5, description="A name.")
    sizes: list[int] = pydantic.Field([1, 2], description="Which sizes.")


@pytest.fixture
def fruit_row():
    job = toy_job({}, job_id="fruit")
    job.Config = Fruit
    with registered_temporarily(job):
        scheduling.sync_schedules()
        yield JobConfiguration.objects.get(pk="fruit")


def test_settings_of_every_type_are_stored_as_that_type(admin_client, fruit_row):
    fields = {"ripe": "off", "kind": "pear", "share": "0.25", "name": "7", "sizes": "[3, 4]"}
    response = save_form(admin_client, fruit_row, **{f"setting_{name}": value for name, value in fields.items()})
    assert response.status_code == 302
    fruit_row.refresh_from_db()
    assert fruit_row.config == {"ripe": False, "kind": "pear", "share": 0.25, "name": "7", "sizes": [3, 4]}
    form = admin_client.get(change_page(fruit_row)).context["adminform"].form
    assert {name: form[f"setting_{name}"].value() for name in fields} == fields
    assert save_form(admin_client, fruit_row).status_code == 302
    fruit_row.refresh_from_db()
    assert fruit_row.config["ripe"] is False


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"apples": 99}, "apples = 99: Input should be less than or equal to 10"),
        ({"apples": "many"}, "apples = many: Input should be a valid integer"),
        ({"pears": 1}, "pears = 1: Extra inputs are not permitted"),
        ([1], "stored as [1], not as a JSON object"),
    ],
)
def test_a_row_with_bad_values_opens_says_what_is_wrong_and_can_be_put_right(admin_client, toy_row, stored, said):
    JobConfiguration.objects.filter(pk="toy").update(config=stored)
    assert admin_client.get(page(JobConfiguration)).status_code == 200
    assert said in text_of(admin_client.get(change_page(toy_row)))
    response = save_form(admin_client, toy_row, setting_apples="4", setting_pears="")
    assert response.status_code == 302
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 4}


def test_a_stored_setting_nobody_knows_is_kept_until_it_is_removed(admin_client, toy_row):
    JobConfiguration.objects.filter(pk="toy").update(config={"pears": {"big": 1}})
    response = save_form(admin_client, toy_row, setting_apples="4")
    assert "Empty the field to remove it" in errors_of(response)["setting_pears"]
    assert "&quot;big&quot;: 1" in response.content.decode()


def test_settings_that_became_bad_are_said_not_raised_when_somebody_runs_the_job(admin_client, toy_row):
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 99})
    response = act(admin_client, "run_now", toy_row)
    assert any("apples" in message for message in told(response))
    assert not Execution.objects.exists()


def test_who_saves_second_is_told_and_overwrites_nothing_unasked(admin_client, toy_row):
    form = admin_client.get(change_page(toy_row)).context["adminform"].form
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 5})
    mine = {"version": form["version"].value(), "enabled": "on", "setting_apples": "9"}
    response = admin_client.post(change_page(toy_row), mine)
    assert "Somebody else changed this" in errors_of(response)["__all__"]
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 5}
    mine["version"] = response.context["adminform"].form["version"].value()
    assert admin_client.post(change_page(toy_row), mine).status_code == 302
    toy_row.refresh_from_db()
    assert toy_row.config == {"apples": 9}


def test_saving_settings_leaves_a_trace_and_leaves_the_switch_alone(admin_client, toy_row):
    save_form(admin_client, toy_row, setting_apples="7")
    assert audit_of(toy_row) == [("admin", "Changed apples = 7.")]
    save_form(admin_client, toy_row, setting_apples="7")
    assert len(audit_of(toy_row)) == 1


@pytest.mark.parametrize("timeout_s", ["0", "99999999"])
def test_limits_out_of_bounds_are_refused_at_their_field(admin_client, toy_row, timeout_s):
    response = save_form(admin_client, toy_row, timeout_s=timeout_s)
    assert "Ensure this value is" in errors_of(response)["timeout_s"]
    toy_row.refresh_from_db()
    assert toy_row.timeout_s is None


def test_who_may_only_look_sees_the_settings_in_effect(viewer, toy_row):
    JobConfiguration.objects.filter(pk="toy").update(config={"apples": 7})
    response = viewer.get(change_page(toy_row))
    assert "Apples 7 How many apples." in text_of(response)
    assert "Timeout (s) 90 One item's working time" in text_of(response)
    assert "setting_apples" not in response.content.decode()
