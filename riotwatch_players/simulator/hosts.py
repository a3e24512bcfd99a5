"""Which hosts exist, and which platform belongs to which region."""

from typing import Final

REGION_OF: Final = {
    "br1": "americas",
    "la1": "americas",
    "la2": "americas",
    "na1": "americas",
    "eun1": "europe",
    "euw1": "europe",
    "me1": "europe",
    "ru": "europe",
    "tr1": "europe",
    "jp1": "asia",
    "kr": "asia",
    "oc1": "sea",
    "sg2": "sea",
    "tw2": "sea",
    "vn2": "sea",
}
"""Platform host to the regional host that serves its matches."""

PLATFORMS: Final = frozenset(REGION_OF)
MATCH_REGIONS: Final = frozenset(REGION_OF.values())
ACCOUNT_REGIONS: Final = MATCH_REGIONS - {"sea"}
HOSTS: Final = PLATFORMS | MATCH_REGIONS
