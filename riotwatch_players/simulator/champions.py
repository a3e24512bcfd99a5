"""Champions, items, runes and spells per role: enough of the game's ids for bodies that look real."""

from typing import Final

ROLES: Final = ("TOP", "JUNGLE", "MIDDLE", "BOTTOM", "UTILITY")

CHAMPIONS: Final[dict[str, dict[int, str]]] = {
    "TOP": {
        126: "Jayce", 67: "Vayne", 799: "Ambessa", 150: "Gnar", 58: "Renekton", 897: "KSante", 14: "Sion",
        68: "Rumble", 24: "Jax", 114: "Fiora", 39: "Irelia", 83: "Yorick", 54: "Malphite", 10: "Kayle",
        85: "Kennen", 98: "Shen", 36: "DrMundo", 887: "Gwen",
    },
    "JUNGLE": {
        64: "LeeSin", 59: "JarvanIV", 5: "XinZhao", 91: "Talon", 203: "Kindred", 254: "Vi", 104: "Graves",
        76: "Nidalee", 234: "Viego", 56: "Nocturne", 9: "FiddleSticks", 121: "Khazix", 131: "Diana",
        11: "MasterYi", 421: "RekSai", 120: "Hecarim", 245: "Ekko", 30: "Karthus",
    },
    "MIDDLE": {
        61: "Orianna", 13: "Ryze", 103: "Ahri", 893: "Aurora", 84: "Akali", 34: "Anivia", 4: "TwistedFate",
        777: "Yone", 3: "Galio", 142: "Zoe", 246: "Qiyana", 127: "Lissandra", 517: "Sylas", 112: "Viktor",
        157: "Yasuo", 268: "Azir", 105: "Fizz", 910: "Hwei",
    },
    "BOTTOM": {
        81: "Ezreal", 804: "Yunara", 202: "Jhin", 51: "Caitlyn", 22: "Ashe", 236: "Lucian", 145: "Kaisa",
        110: "Varus", 15: "Sivir", 42: "Corki", 222: "Jinx", 429: "Kalista", 21: "MissFortune", 498: "Xayah",
        18: "Tristana", 119: "Draven", 901: "Smolder", 523: "Aphelios",
    },
    "UTILITY": {
        432: "Bard", 43: "Karma", 111: "Nautilus", 117: "Lulu", 267: "Nami", 555: "Pyke", 147: "Seraphine",
        89: "Leona", 526: "Rell", 12: "Alistar", 201: "Braum", 412: "Thresh", 497: "Rakan", 53: "Blitzcrank",
        350: "Yuumi", 99: "Lux", 57: "Maokai", 902: "Milio",
    },
}  # fmt: skip

NAMES: Final[dict[int, str]] = {number: name for by_id in CHAMPIONS.values() for number, name in by_id.items()}
EVERYONE: Final = tuple(sorted(NAMES))

MAGES: Final = frozenset(
    {68, 10, 85, 887, 9, 131, 245, 30, 61, 13, 103, 893, 84, 34, 4, 3, 142, 127, 517, 112, 268, 105, 910, 43, 117}
    | {267, 147, 350, 99, 57, 902, 432, 76}
)
"""Those who deal magic damage; the others deal physical damage."""

ITEMS: Final[dict[str, tuple[int, ...]]] = {
    "TOP": (3047, 3111, 3078, 3152, 3142, 3073, 6692, 3161, 6333, 6631),
    "JUNGLE": (6610, 3111, 3071, 3047, 6697, 6333, 6676, 6672, 3026, 3158),
    "MIDDLE": (3020, 3152, 4645, 6657, 3157, 6655, 3118, 3089, 4646, 3040),
    "BOTTOM": (3006, 3031, 6672, 3094, 3036, 6676, 6675, 3508, 3046, 3124),
    "UTILITY": (3158, 3869, 3190, 3009, 3870, 3222, 3877, 6620, 6617, 3504),
}
TRINKETS: Final = (3340, 3363, 3364)

SPELLS: Final[dict[str, int]] = {"TOP": 12, "JUNGLE": 11, "MIDDLE": 14, "BOTTOM": 21, "UTILITY": 7}
"""The summoner spell beside Flash."""
FLASH: Final = 4

LANES: Final[dict[str, tuple[str, str]]] = {
    "TOP": ("TOP", "SOLO"),
    "JUNGLE": ("JUNGLE", "NONE"),
    "MIDDLE": ("MIDDLE", "SOLO"),
    "BOTTOM": ("BOTTOM", "CARRY"),
    "UTILITY": ("BOTTOM", "SUPPORT"),
}
"""teamPosition to the older fields `lane` and `role`."""

RUNES: Final[dict[str, tuple[int, tuple[int, int, int, int], int, tuple[int, int]]]] = {
    "TOP": (8400, (8437, 8446, 8444, 8451), 8300, (8345, 8347)),
    "JUNGLE": (8000, (8010, 9111, 9104, 8014), 8300, (8347, 8304)),
    "MIDDLE": (8100, (8112, 8139, 8137, 8106), 8200, (8226, 8237)),
    "BOTTOM": (8000, (8008, 9111, 9103, 8017), 8300, (8321, 8313)),
    "UTILITY": (8200, (8214, 8226, 8210, 8237), 8300, (8304, 8347)),
}
"""Primary style and its four perks, secondary style and its two."""
