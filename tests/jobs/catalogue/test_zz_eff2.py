import collections
import numpy as np
from django.utils import timezone
from riotwatch_players import analysis, baselines, tracking
from riotwatch_players.models import *
from riotwatch_players.models_in_use import InUse, _over
from riotwatch_players.detection.cards import shipped_card
from riotwatch_players.simulator.world import World
from riotwatch_players.simulator.server import serve
from riotwatch_players.simulator.app import Options
from riotwatch_players.simulator.ids import DEMO_KEY
from riotwatch_players.simulator.limits import parse_rates
import pytest

@pytest.mark.timeout(900)
def test_effect(settings, transactional_db, run_job):
    world = World("effect", began_at_s=int(timezone.now().timestamp()), people=1200, history_days=60)
    options = Options(application_rates=parse_rates("1000000:10"), method_rates={})
    with serve(world, options=options) as sim:
        settings.RIOT_API_URL = sim.url; settings.RIOT_API_KEY = DEMO_KEY; settings.MAX_TRACKED_PLAYERS = 200
        people = [p for p in world.people if p.platform == "euw1" and p.exists_at(world.now_s)]
        people.sort(key=lambda p: -len(world.account(p).history))
        for p in people[:40]:
            tracking.track(tracking.add_player(p.riot_id, platform=p.platform, now=timezone.now()), now=timezone.now())
        run_job("tracked_player_updater", seconds=300, max_new_matches_per_player=100, max_tracked_players=200)
        r = run_job("match_fetcher", seconds=400, discovered_per_run=300)
        print("fetch", r.state, Match.objects.count(), Player.objects.filter(ranked_games__gte=30).count())
        truth = {p.riot_id: p.kind for p in world.people}
        card = shipped_card()
        b = baselines.build(card.level_bands, now=timezone.now())
        print("baseline", b and (b.rows, b.matches, b.level_bands))
        print("card bands", [x.model_dump() for x in card.level_bands])
        out = {}
        with_metrics = b and _over(card, DetectionBaseline.objects.get(pk=b.pk))
        cards = {"shipped": card}
        if b:
            cards["metrics only"] = with_metrics.with_baseline(with_metrics.baseline_table, level_bands=card.level_bands)
            cards["metrics+bands"] = with_metrics
        ids = list(Player.objects.filter(ranked_games__gte=30).values_list("pk", flat=True))
        for name, c in cards.items():
            Player.objects.update(verdict="")
            for i in range(0, len(ids), 200):
                analysis.analyze(ids[i:i+200], analysis.AnalysisRule(20, InUse(c)), now=timezone.now())
            rows = list(Player.objects.filter(pk__in=ids).order_by("pk"))
            out[name] = np.array([[p.smurf_score, p.boosted_score] for p in rows])
            tally = collections.Counter((truth.get(p.riot_id, "?"), p.verdict) for p in rows)
            print(name)
            kinds = sorted({k for k, _ in tally}, key=str)
            for k in kinds:
                print("   ", k, {v: n for (kk, v), n in tally.items() if kk == k})
        for name in list(out)[1:]:
            d = np.abs(out[name] - out["shipped"])
            print(name, "mean abs diff", d.mean(0).round(2), "max", d.max(0))
