"""Model cards of schema 1 cannot be used any more: they judge no longer, and the shipped model takes over."""

from typing import Any

from django.db import migrations


def put_aside(apps: Any, schema_editor: Any) -> None:  # noqa: ANN401 - the state of the apps at that time
    models = apps.get_model("riotwatch_players", "DetectionModel").objects
    models.filter(document__regex=r'"schema_version":\s*1\y').exclude(state="available").update(state="available")


class Migration(migrations.Migration):
    """Rows only."""

    dependencies = [("riotwatch_players", "0014_not_resolving")]

    operations = [migrations.RunPython(put_aside, migrations.RunPython.noop)]
