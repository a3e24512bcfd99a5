"""Which host answers for which platform.

Platforms and hosts are written in lower case. Source: `x-platforms-available` of Riot's OpenAPI description;
`ph2` and `th2` are closed but old matches still carry their prefix.
"""

_PLATFORMS_BY_REGION = {
    "americas": ("br1", "la1", "la2", "na1"),
    "asia": ("jp1", "kr"),
    "europe": ("eun1", "euw1", "me1", "ru", "tr1"),
    "sea": ("oc1", "ph2", "sg2", "th2", "tw2", "vn2"),
}
_REGION_BY_PLATFORM = {platform: region for region, platforms in _PLATFORMS_BY_REGION.items() for platform in platforms}
_CLOSED_PLATFORMS = frozenset({"ph2", "th2"})

REGIONS = tuple(_PLATFORMS_BY_REGION)
PLATFORMS = tuple(sorted(_REGION_BY_PLATFORM.keys() - _CLOSED_PLATFORMS))
"""Platforms that still have a host of their own."""


class UnknownPlatform(ValueError):
    """A platform that Riot does not have."""

    def __init__(self, platform: str) -> None:
        """Name the platform and the valid ones."""
        self.platform = platform
        super().__init__(f"unknown platform {platform!r}; valid are {', '.join(PLATFORMS)}")


def region_of_platform(platform: str) -> str:
    """The host of match-v5 for `platform`, closed platforms included; raises UnknownPlatform."""
    region = _REGION_BY_PLATFORM.get(platform.lower())
    if region is None:
        raise UnknownPlatform(platform)
    return region


def platform_host(platform: str) -> str:
    """The platform's own host; raises UnknownPlatform, also for closed platforms."""
    host = platform.lower()
    if host not in PLATFORMS:
        raise UnknownPlatform(platform)
    return host


def platform_of_match(match_id: str) -> str:
    """`EUW1_123` was played on `euw1`; raises UnknownPlatform."""
    platform = match_id.partition("_")[0].lower()
    if platform not in _REGION_BY_PLATFORM:
        raise UnknownPlatform(platform[:8])
    return platform


def region_of_match(match_id: str) -> str:
    """The host that keeps the match, by the id's prefix: players move between platforms, matches do not."""
    return _REGION_BY_PLATFORM[platform_of_match(match_id)]


def account_region(platform: str) -> str:
    """The host to ask for accounts. There is no account-v1 on `sea`; any of the others answers for any account."""
    region = region_of_platform(platform)
    return "asia" if region == "sea" else region


def platform_near(host: str) -> str:
    """A platform's own host for `host`: itself, or for a region the first of its platforms that is open."""
    if host in PLATFORMS:
        return host
    return next(platform for platform in _PLATFORMS_BY_REGION[host] if platform in PLATFORMS)
