import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("riotwatch_players", "0002_analyses"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyOutage",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        blank=True, choices=[("refused", "refused"), ("foreign", "foreign")], default="", max_length=8
                    ),
                ),
                ("since", models.DateTimeField(blank=True, help_text="Empty while the key is accepted.", null=True)),
                ("why", models.TextField(blank=True, default="", help_text="What Riot answered, and where.")),
                (
                    "platform",
                    models.CharField(blank=True, default="", help_text="Where the key is tried again.", max_length=16),
                ),
                (
                    "key_mark",
                    models.CharField(blank=True, default="", help_text="Of the key tried last.", max_length=32),
                ),
                (
                    "next_probe_at",
                    models.DateTimeField(blank=True, help_text="Whoever comes first after this tries.", null=True),
                ),
                (
                    "cleared_at",
                    models.DateTimeField(blank=True, help_text="When a suspicion proved unfounded.", null=True),
                ),
            ],
            options={
                "db_table": "riot_key_outage",
            },
        ),
        migrations.CreateModel(
            name="RiotKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("environment", "the environment"), ("stored", "stored here")], max_length=12
                    ),
                ),
                (
                    "mark",
                    models.CharField(help_text="Keyed hash: tells keys apart and gives none away.", max_length=32),
                ),
                (
                    "secret",
                    models.TextField(
                        blank=True, default="", help_text="Encrypted; empty for a key of the environment."
                    ),
                ),
                ("last4", models.CharField(blank=True, default="", max_length=4, verbose_name="ends in")),
                ("noted_at", models.DateTimeField(help_text="When it was stored, or first found in an environment.")),
            ],
            options={
                "verbose_name": "Riot key",
                "db_table": "riot_keys",
                "constraints": [
                    models.UniqueConstraint(fields=("origin", "mark"), name="riot_keys_mark"),
                    models.UniqueConstraint(
                        condition=models.Q(("origin", "stored")), fields=("origin",), name="riot_keys_one_stored"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BanCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("checked_at", models.DateTimeField()),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("resolves", "resolves"),
                            ("not_found", "not found"),
                            ("moved", "moved"),
                            ("key_problem", "key problem"),
                            ("trouble", "trouble"),
                            ("", "not asked"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("resolves", "resolves"),
                            ("not_found", "not found"),
                            ("moved", "moved"),
                            ("key_problem", "key problem"),
                            ("trouble", "trouble"),
                            ("", "not asked"),
                        ],
                        max_length=12,
                        verbose_name="account-v1",
                    ),
                ),
                (
                    "summoner",
                    models.CharField(
                        choices=[
                            ("resolves", "resolves"),
                            ("not_found", "not found"),
                            ("moved", "moved"),
                            ("key_problem", "key problem"),
                            ("trouble", "trouble"),
                            ("", "not asked"),
                        ],
                        help_text="On their platform.",
                        max_length=12,
                        verbose_name="summoner-v4",
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("resolves", "resolves"),
                            ("not_found", "not found"),
                            ("moved", "moved"),
                            ("key_problem", "key problem"),
                            ("trouble", "trouble"),
                            ("", "not asked"),
                        ],
                        default="",
                        help_text="If it was asked.",
                        max_length=12,
                        verbose_name="account-v1 region",
                    ),
                ),
                (
                    "moved_to",
                    models.CharField(blank=True, default="", help_text="The platform the region names.", max_length=16),
                ),
                (
                    "player",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ban_checks",
                        to="riotwatch_players.player",
                    ),
                ),
            ],
            options={
                "db_table": "ban_checks",
                "indexes": [
                    models.Index(
                        models.F("player"),
                        models.OrderBy(models.F("checked_at"), descending=True),
                        name="ban_checks_newest",
                    )
                ],
            },
        ),
    ]
