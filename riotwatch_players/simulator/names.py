"""Invented Riot IDs: pronounceable, some of them not Latin, never somebody's."""

from random import Random
from typing import Final


def _words(text: str) -> list[str]:
    return text.split()


_LATIN: Final = _words(
    "ba be bo ca ce da de do fy fe fi ge gu ha ka ky ki ko la le li lo lu ma mu mi mo na ne ny no nu "
    "pa pi po ra re ri ro ru sa sy si so su ty te ti to tu va ve vi vo wa we yo za ze zu zo"
)
"""No two of them make a word that nobody should be called by: some syllables are missing for that reason."""
_ENDINGS: Final = ("n", "r", "s", "l", "th", "x", "", "", "", "k", "m")
_ACCENTED: Final = _words("bé ço dä ñe fö gü há jå kø lë mï ñó pà ré sö tú vé zà žu šé")
_HANGUL: Final = _words("가 나 달 도 라 루 마 모 미 바 별 비 사 소 솔 아 온 유 은 이 재 하 호 람 슬 빛 봄")
_CYRILLIC: Final = _words("ба во га до жа зи ка ло ми но ра со ту фе ша ве ле ри")  # noqa: RUF001
_GREEK: Final = _words("αλ βε γα δη θε κο λυ μα νι πο ρα σε τι φω χα")  # noqa: RUF001
_KANA: Final = _words("あ か き く さ し そ た つ な の は ま み も ゆ り れ")

_SCRIPTS: Final = {
    "kr": ((_HANGUL, 2, 4, 0.55), (_KANA, 3, 5, 0.03)),
    "euw1": ((_ACCENTED, 2, 3, 0.08), (_CYRILLIC, 2, 4, 0.03), (_GREEK, 2, 4, 0.03)),
    "na1": ((_ACCENTED, 2, 3, 0.03), (_KANA, 3, 5, 0.02)),
}
"""Per platform: syllables, fewest and most of them, share of names written so. The rest is plain Latin."""

_SECOND_WORD_SHARE: Final = 0.15
_TAG_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_PLATFORM_TAG_SHARE: Final = 0.35


def folded(game_name: str, tag_line: str) -> tuple[str, str]:
    """What Riot compares when it looks an id up: case and spaces do not count."""
    return game_name.replace(" ", "").casefold(), tag_line.replace(" ", "").casefold()


def riot_id(rng: Random, platform: str, *, taken: set[tuple[str, str]]) -> tuple[str, str]:
    """A new game name and tag line; it is added to `taken`."""
    while True:
        candidate = _game_name(rng, platform), _tag_line(rng, platform)
        if folded(*candidate) not in taken:
            taken.add(folded(*candidate))
            return candidate


def _game_name(rng: Random, platform: str) -> str:
    roll = rng.random()
    for syllables, fewest, most, share in _SCRIPTS.get(platform, ()):
        if roll < share:
            return "".join(rng.choice(syllables) for _ in range(rng.randint(fewest, most))).capitalize()
        roll -= share
    name = _latin_word(rng, rng.randint(2, 3))
    if rng.random() < _SECOND_WORD_SHARE:
        name += " " + _latin_word(rng, 2)
    return name


def _latin_word(rng: Random, syllables: int) -> str:
    return ("".join(rng.choice(_LATIN) for _ in range(syllables)) + rng.choice(_ENDINGS)).capitalize()


def _tag_line(rng: Random, platform: str) -> str:
    if rng.random() < _PLATFORM_TAG_SHARE:
        return platform.upper()
    return "".join(rng.choice(_TAG_ALPHABET) for _ in range(rng.randint(3, 5)))
