"""What messages are about, and the page of each: whoever has pages of a kind says where they are."""

from collections.abc import Callable

_addresses: dict[str, Callable[[str], str]] = {}


def has_pages(kind: str, address: Callable[[str], str]) -> None:
    """Subjects `kind:key` have a page in the admin, whose address is made of the key."""
    _addresses[kind] = address


def kind_of(subject: str) -> str:
    """What kind of thing it is, such as player; empty for no subject."""
    return subject.partition(":")[0]


def address_of(subject: str) -> str:
    """Its page; empty where there is none."""
    kind, _, key = subject.partition(":")
    return _addresses[kind](key) if key and kind in _addresses else ""
