from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('riotwatch_players', '0006_names_of_rows'),
    ]

    # Nothing has written a row yet: the table is made anew.
    operations = [
        migrations.DeleteModel(name='DetectionBaseline'),
        migrations.CreateModel(
            name='DetectionBaseline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The version that analyses name.', max_length=40, unique=True)),
                ('sha256', models.CharField(help_text='Of the figures.', max_length=64)),
                ('built_at', models.DateTimeField()),
                ('patch', models.CharField(blank=True, default='', help_text='Of the newest match in it.', max_length=8)),
                ('matches', models.IntegerField(help_text='Matches that were looked at.')),
                ('rows', models.IntegerField(help_text='Participants in them whose tier, role and measures are known.')),
                ('median', models.JSONField(help_text='Null where nothing was counted.')),
                ('mad', models.JSONField(help_text='Median absolute deviations.')),
                ('n', models.JSONField(help_text='Places in each cell.')),
                ('level_bands', models.JSONField(help_text='Usual ranks by level (`LevelBand`); empty: too few accounts, or of too few ranks.', null=True)),
                ('current', models.BooleanField(default=False)),
            ],
            options={
                'db_table': 'detection_baselines',
                'constraints': [models.UniqueConstraint(condition=models.Q(('current', True)), fields=('current',), name='detection_baselines_current')],
            },
        ),
    ]
