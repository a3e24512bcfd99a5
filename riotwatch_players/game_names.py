"""What the game calls its champions, maps, queues and roles, by the numbers and words that matches carry.

Shipped, so that no page asks anybody for them; what came after this list shows its number.
"""

from typing import Final

CHAMPIONS: Final[dict[int, str]] = {
    1: "Annie", 2: "Olaf", 3: "Galio", 4: "Twisted Fate", 5: "Xin Zhao", 6: "Urgot", 7: "LeBlanc", 8: "Vladimir",
    9: "Fiddlesticks", 10: "Kayle", 11: "Master Yi", 12: "Alistar", 13: "Ryze", 14: "Sion", 15: "Sivir", 16: "Soraka",
    17: "Teemo", 18: "Tristana", 19: "Warwick", 20: "Nunu & Willump", 21: "Miss Fortune", 22: "Ashe",
    23: "Tryndamere", 24: "Jax", 25: "Morgana", 26: "Zilean", 27: "Singed", 28: "Evelynn", 29: "Twitch",
    30: "Karthus", 31: "Cho'Gath", 32: "Amumu", 33: "Rammus", 34: "Anivia", 35: "Shaco", 36: "Dr. Mundo", 37: "Sona",
    38: "Kassadin", 39: "Irelia", 40: "Janna", 41: "Gangplank", 42: "Corki", 43: "Karma", 44: "Taric", 45: "Veigar",
    48: "Trundle", 50: "Swain", 51: "Caitlyn", 53: "Blitzcrank", 54: "Malphite", 55: "Katarina", 56: "Nocturne",
    57: "Maokai", 58: "Renekton", 59: "Jarvan IV", 60: "Elise", 61: "Orianna", 62: "Wukong", 63: "Brand",
    64: "Lee Sin", 67: "Vayne", 68: "Rumble", 69: "Cassiopeia", 72: "Skarner", 74: "Heimerdinger", 75: "Nasus",
    76: "Nidalee", 77: "Udyr", 78: "Poppy", 79: "Gragas", 80: "Pantheon", 81: "Ezreal", 82: "Mordekaiser",
    83: "Yorick", 84: "Akali", 85: "Kennen", 86: "Garen", 89: "Leona", 90: "Malzahar", 91: "Talon", 92: "Riven",
    96: "Kog'Maw", 98: "Shen", 99: "Lux", 101: "Xerath", 102: "Shyvana", 103: "Ahri", 104: "Graves", 105: "Fizz",
    106: "Volibear", 107: "Rengar", 110: "Varus", 111: "Nautilus", 112: "Viktor", 113: "Sejuani", 114: "Fiora",
    115: "Ziggs", 117: "Lulu", 119: "Draven", 120: "Hecarim", 121: "Kha'Zix", 122: "Darius", 126: "Jayce",
    127: "Lissandra", 131: "Diana", 133: "Quinn", 134: "Syndra", 136: "Aurelion Sol", 141: "Kayn", 142: "Zoe",
    143: "Zyra", 145: "Kai'Sa", 147: "Seraphine", 150: "Gnar", 154: "Zac", 157: "Yasuo", 161: "Vel'Koz",
    163: "Taliyah", 164: "Camille", 166: "Akshan", 200: "Bel'Veth", 201: "Braum", 202: "Jhin", 203: "Kindred",
    221: "Zeri", 222: "Jinx", 223: "Tahm Kench", 233: "Briar", 234: "Viego", 235: "Senna", 236: "Lucian", 238: "Zed",
    240: "Kled", 245: "Ekko", 246: "Qiyana", 254: "Vi", 266: "Aatrox", 267: "Nami", 268: "Azir", 350: "Yuumi",
    360: "Samira", 412: "Thresh", 420: "Illaoi", 421: "Rek'Sai", 427: "Ivern", 429: "Kalista", 432: "Bard",
    497: "Rakan", 498: "Xayah", 516: "Ornn", 517: "Sylas", 518: "Neeko", 523: "Aphelios", 526: "Rell", 555: "Pyke",
    711: "Vex", 777: "Yone", 799: "Ambessa", 800: "Mel", 804: "Yunara", 875: "Sett", 876: "Lillia", 887: "Gwen",
    888: "Renata Glasc", 893: "Aurora", 895: "Nilah", 897: "K'Sante", 901: "Smolder", 902: "Milio", 904: "Zaahen",
    910: "Hwei", 950: "Naafiri",
}  # fmt: skip

MAPS: Final[dict[int, str]] = {
    10: "Twisted Treeline",
    11: "Summoner's Rift",
    12: "Howling Abyss",
    21: "Nexus Blitz",
    22: "Convergence",
    30: "Arena",
    33: "Swarm",
    35: "The Bandlewood",
}

QUEUES: Final[dict[int, str]] = {
    0: "Custom",
    400: "Normal Draft",
    420: "Ranked Solo/Duo",
    430: "Normal Blind",
    440: "Ranked Flex",
    450: "ARAM",
    480: "Swiftplay",
    490: "Quickplay",
    700: "Clash",
    720: "ARAM Clash",
    830: "Co-op vs. AI",
    840: "Co-op vs. AI",
    850: "Co-op vs. AI",
    870: "Co-op vs. AI",
    880: "Co-op vs. AI",
    890: "Co-op vs. AI",
    900: "ARURF",
    1020: "One for All",
    1300: "Nexus Blitz",
    1400: "Ultimate Spellbook",
    1700: "Arena",
    1710: "Arena",
    1900: "URF",
    2300: "Brawl",
}

LADDERS: Final[dict[str, str]] = {
    "RANKED_SOLO_5x5": "Ranked Solo/Duo",
    "RANKED_FLEX_SR": "Ranked Flex",
    "RANKED_TFT": "Teamfight Tactics",
}

ROLES: Final[dict[str, str]] = {
    "TOP": "Top",
    "JUNGLE": "Jungle",
    "MIDDLE": "Mid",
    "BOTTOM": "Bot",
    "UTILITY": "Support",
}


def champion_name(champion_id: int | None) -> str:
    """Such as "Lee Sin"; "" where the match did not tell."""
    return "" if champion_id is None else CHAMPIONS.get(champion_id, f"Champion {champion_id}")


def map_name(map_id: int | None) -> str:
    """Such as "Summoner's Rift"; "" where the match did not tell."""
    return MAPS.get(map_id, f"Map {map_id}") if map_id else ""


def queue_name(queue_id: int | None) -> str:
    """Such as "Ranked Solo/Duo"."""
    return "" if queue_id is None else QUEUES.get(queue_id, f"Queue {queue_id}")


def ladder_name(queue: str) -> str:
    """Such as "Ranked Flex" for RANKED_FLEX_SR, as league-v4 names queues."""
    return LADDERS.get(queue, queue)


def role_name(position: str) -> str:
    """Such as "Support" for UTILITY; "" where there is none."""
    return ROLES.get(position, "")
