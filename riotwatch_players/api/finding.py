"""Whom an address names."""

import re

from django.http import Http404

from riotwatch_players.models import Player

PUUID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def player_of(puuid: str) -> Player:
    """The player of this puuid, also of one that belongs to an application used before; raises Http404."""
    known = Player.objects.filter(puuid=puuid).order_by("-source__active", "-source__application")
    player = known.first() if PUUID.fullmatch(puuid) else None
    if player is None:
        raise Http404("no player has this puuid here: POST /players adds one by Riot ID")
    return player
