"""Detection measured: `python -m bench.detection [--accounts 3000] [--players 10000]`.

How well: the shipped card and the peer (`bench.thresholds`) on the same simulated ladders. How fast: factors and
scores, confidence, and words for players x 100 games in memory; then a whole analysis of as many players out of a
temporary PostgreSQL, reading and storing included. One core each.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.thresholds import scores_of

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
GAMES = 100
WINDOWS = (30, 50)
BATCH = 500


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("--accounts", type=int, default=3_000, help="per world, for the accuracy; 0 leaves it out")
    parser.add_argument("--players", type=int, default=10_000, help="for the speed; 0 leaves it out")
    options = parser.parse_args(arguments)
    for name in THREADS:
        os.environ.setdefault(name, "1")
    if options.accounts:
        compare(options.accounts)
    if options.players:
        in_memory(options.players)
        out_of_a_database(options.players)


def compare(accounts: int) -> None:
    """AUC and TPR at 1 % FPR of both, side by side."""
    import numpy as np

    from riotwatch_players.detection.cards import shipped_card
    from riotwatch_players.detection.judgement import score
    from riotwatch_players.evaluation.measuring import TEST_SEED
    from riotwatch_players.evaluation.metrics import auc, tpr_at
    from riotwatch_players.evaluation.trials import trials
    from riotwatch_players.simulator.ladders.worlds import BASE, PESSIMISTIC, SINGLE_ASSUMPTION

    print(f"simulated ladders, {accounts} accounts each: AUC / TPR at 1 % FPR, peer -> {shipped_card().name}")
    for world in (BASE, *SINGLE_ASSUMPTION, PESSIMISTIC):
        found: dict[tuple[int, str], list[Any]] = {}
        for part in trials(world, accounts=accounts, seed=100 * TEST_SEED + 50, windows=WINDOWS):
            for window, trial in part.items():
                ours, peer = score(trial.histories, shipped_card()), scores_of(trial.histories)
                found.setdefault((window, "smurf"), []).append((peer, ours.smurf.score, trial.is_smurf))
                found.setdefault((window, "boosted"), []).append((peer, ours.boosted.score, trial.is_boosted))
        for (window, question), parts in found.items():
            peer, ours, truth = (np.concatenate(column) for column in zip(*parts, strict=True))
            figures = [f"{auc(one, truth):.3f} / {tpr_at(one, truth, fpr=0.01):.2f}" for one in (peer, ours)]
            print(f"{world.name:24} {window:3} games {question:8} {figures[0]} -> {figures[1]}", flush=True)


def in_memory(players: int) -> None:
    """Factors and scores of histories that are there already."""
    from riotwatch_players.detection.cards import shipped_card
    from riotwatch_players.detection.confidence import confidence_of
    from riotwatch_players.detection.history import pack
    from riotwatch_players.detection.judgement import judge, score
    from riotwatch_players.evaluation.trials import trials
    from riotwatch_players.simulator.ladders.worlds import BASE

    card = shipped_card()
    histories = [
        history
        for part in trials(BASE, accounts=players, seed=1, windows=(GAMES,))
        for history in part[GAMES].histories
    ]
    batches = [histories[first : first + BATCH] for first in range(0, players, BATCH)]
    print(f"\n{players} players x {GAMES} games in memory, in batches of {BATCH}")
    _timed("packing into arrays", lambda: [pack(batch) and None for batch in batches])
    _timed("packing, factors and scores", lambda: [score(batch, card) and None for batch in batches])
    scored = [score(batch, card) for batch in batches]
    _timed("confidence", lambda: [confidence_of(one.evidence, one.factors, card) is None for one in scored])
    _timed("all of it, with words", lambda: [judge(batch, card) and None for batch in batches])


def out_of_a_database(players: int) -> None:
    """The workflow as the job calls it."""
    from tests.servers import start_temporary_servers

    with start_temporary_servers():
        os.environ["DJANGO_SETTINGS_MODULE"] = "riotwatch.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.utils import timezone

        from bench.detection_database import fill
        from riotwatch_players.analysis import AnalysisRule, analyze
        from riotwatch_players.models import Player
        from riotwatch_players.reading import histories_of

        call_command("migrate", verbosity=0)
        _timed(f"\nfilling a database with {players} players x {GAMES} games", lambda: fill(players, GAMES))
        people = list(Player.objects.order_by("pk"))
        batches = [people[first : first + BATCH] for first in range(0, players, BATCH)]
        nothing: dict[int, list[Any]] = {player.pk: [] for player in people}
        for what in ("reading their histories the first time, which writes their teams", "reading their histories"):
            _timed(what, lambda: [histories_of(batch, nothing) and None for batch in batches])
        rule, now = AnalysisRule(), timezone.now()
        _timed(
            "analyzing them, reading and storing included",
            lambda: [analyze([player.pk for player in batch], rule, now=now) for batch in batches],
        )


def _timed(what: str, work: Callable[[], object]) -> None:
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    print(f"{what}: {time.perf_counter() - began:.2f} s ({time.process_time() - began_cpu:.2f} s of CPU)", flush=True)


if __name__ == "__main__":
    main()
