"""Finds ID numbers wherever bytes are kept, in four encodings: UTF-8, UTF-16, base64 and hexadecimal."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable
from os.path import commonprefix
from pathlib import Path


def forms_of(number: str) -> dict[str, list[bytes]]:
    """How a number reads in each encoding: both byte orders, three places within a base64 group."""
    data = number.encode()
    in_base64 = []
    for shift in range(3):
        first, last = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6  # the letters that hang on no neighbour
        in_base64.append(b64encode(b"\0" * shift + data)[first:last])
    return {
        "utf-8": [data],
        "utf-16": [number.encode("utf-16-le"), number.encode("utf-16-be")],
        "base64": in_base64,
        "hex": [data.hex().encode()],  # digits and X: no letter in it
    }


class Scanner:
    """Looks for any of many numbers at once: for what the forms of one kind begin with, then for the whole."""

    def __init__(self, numbers: Iterable[str]):
        kinds: dict[tuple[str, int], set[bytes]] = {}
        for number in numbers:
            for encoding, forms in forms_of(number).items():
                for place, form in enumerate(forms):
                    kinds.setdefault((encoding, place), set()).add(form)
        self.kinds = [(encoding, commonprefix(sorted(forms)), forms) for (encoding, _), forms in kinds.items()]
        assert all(len(head) >= 3 for _, head, _ in self.kinds), "the numbers have too little in common"

    def in_bytes(self, data: bytes) -> Counter:
        """How often a number occurs, by encoding."""
        found = Counter()
        for encoding, head, forms in self.kinds:
            at = data.find(head)
            while at >= 0:
                size = len(next(iter(forms)))
                found[encoding] += data[at : at + size] in forms
                at = data.find(head, at + 1)
        return +found

    def in_folder(self, folder: Path) -> tuple[Counter, int]:
        """What all files beneath a folder hold, and how many bytes were read."""
        found, size = Counter(), 0
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                found, size = found + self.in_bytes(data), size + len(data)
        return found, size
