import pytest

from riotwatch_players.riot.routing import (
    PLATFORMS,
    UnknownPlatform,
    account_region,
    platform_host,
    region_of_match,
    region_of_platform,
)


@pytest.mark.parametrize(
    ("region", "platforms"),
    [
        ("americas", "na1 br1 la1 la2"),
        ("europe", "euw1 eun1 tr1 ru me1"),
        ("asia", "kr jp1"),
        ("sea", "oc1 sg2 tw2 vn2 ph2 th2"),
    ],
)
def test_every_platform_has_its_region(region, platforms):
    for platform in platforms.split():
        assert region_of_platform(platform) == region
        assert region_of_match(f"{platform.upper()}_123") == region
        assert region_of_platform(platform.upper()) == region


def test_accounts_of_sea_players_are_asked_in_asia():
    assert account_region("vn2") == "asia"
    assert account_region("euw1") == "europe"


def test_closed_platforms_route_old_matches_but_have_no_host():
    assert region_of_match("PH2_1") == "sea"
    with pytest.raises(UnknownPlatform):
        platform_host("ph2")


def test_an_unknown_platform_is_named_with_the_valid_ones():
    with pytest.raises(UnknownPlatform, match=r"'euw'.*euw1") as caught:
        region_of_platform("euw")
    assert caught.value.platform == "euw"
    assert isinstance(caught.value, ValueError)
    assert len(PLATFORMS) == 15


@pytest.mark.parametrize("match_id", ["", "123", "_1", "XX9_1", "euw1-1"])
def test_a_malformed_match_id_has_no_region(match_id):
    with pytest.raises(UnknownPlatform):
        region_of_match(match_id)
