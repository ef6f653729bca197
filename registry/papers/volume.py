"""Many PDFs one after the other as one, in the memory of one: each is copied as it comes, its objects numbered anew.

pypdf reads the papers. It would write them too, but holds all that it is to write: a thousand papers are then several
hundred megabytes. What belongs to a document as a whole (its outline, structure, forms, names) is left behind.
"""

import io
from typing import BinaryIO

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

CATALOG, PAGES, OUTLINE = 1, 2, 3
OF_THE_DOCUMENT = {"/StructParent", "/StructParents", "/Tabs", "/B", "/Parent"}


class Unreadable(Exception):  # noqa: N818 (named for what the file is)
    """A file that is no PDF that could be copied."""


class Volume:
    """A PDF that grows paper by paper; ``finish`` makes it whole."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.places: dict[int, int] = {}  # object → where it begins
        self.next = OUTLINE + 1
        self.pages: list[int] = []
        self.marks: list[tuple[str, int]] = []  # title and first page of each paper
        file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def add(self, data: bytes, title: str = "", *, in_front: bool = False) -> int:
        """Copy a paper to the end, or to the front, bookmarked where it has a title; returns how many pages it has.

        Raises Unreadable, and leaves the volume as it was.
        """
        try:
            reader = PdfReader(io.BytesIO(data))
            copied = _Copy(self.next, list(reader.pages))
            objects = list(copied)
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(str(error)) from error
        if not copied.pages:
            raise Unreadable("no pages")
        for number, body in objects:
            self._write(number, body)
        self.next = copied.next
        self.pages = [*copied.pages, *self.pages] if in_front else self.pages + copied.pages
        if title:
            self.marks.append((title, copied.pages[0]))
        return len(copied.pages)

    def finish(self, title: str) -> None:
        """Write what holds the pages together."""
        items = range(self.next, self.next + len(self.marks))
        for number, (name, page) in zip(items, self.marks, strict=True):
            item = {"/Title": TextStringObject(name), "/Parent": _to(OUTLINE)}
            item["/Dest"] = ArrayObject([_to(page), NameObject("/Fit")])
            if number > items[0]:
                item["/Prev"] = _to(number - 1)
            if number < items[-1]:
                item["/Next"] = _to(number + 1)
            self._write(number, _bytes(_dictionary(item)))
        outline = {"/Type": NameObject("/Outlines"), "/Count": NumberObject(len(items))}
        if items:
            outline |= {"/First": _to(items[0]), "/Last": _to(items[-1])}
        tree = {"/Type": NameObject("/Pages"), "/Count": NumberObject(len(self.pages))}
        tree["/Kids"] = ArrayObject(map(_to, self.pages))
        shown = {"/Type": NameObject("/Catalog"), "/Pages": _to(PAGES), "/Outlines": _to(OUTLINE)}
        for number, known in ((OUTLINE, outline), (PAGES, tree), (CATALOG, shown)):
            self._write(number, _bytes(_dictionary(known)))
        facts = self.next + len(items)
        said = {"/Title": TextStringObject(title), "/Producer": TextStringObject("CQO")}
        self._write(facts, _bytes(_dictionary(said)))
        self._index(facts)

    def _write(self, number: int, body: bytes) -> None:
        self.places[number] = self.file.tell()
        self.file.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")

    def _index(self, facts: int) -> None:
        start, size = self.file.tell(), facts + 1
        self.file.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        self.file.writelines(b"%010d 00000 n \n" % self.places[number] for number in range(1, size))
        known = {"/Size": NumberObject(size), "/Root": _to(CATALOG), "/Info": _to(facts)}
        self.file.write(b"trailer\n" + _bytes(_dictionary(known)) + b"\nstartxref\n%d\n%%%%EOF\n" % start)


class _Copy:
    """The objects of one document that its pages need, each with its new number and as bytes."""

    def __init__(self, first: int, pages: list[PageObject]):
        self.next = first
        self.waiting: list[tuple[int, PdfObject]] = []
        self.numbers: dict[tuple[int, int], int] = {}
        # First, so that whatever points to a page finds its copy.
        self.pages = [self._number(page.indirect_reference, page) for page in pages]

    def __iter__(self):
        while self.waiting:
            number, known = self.waiting.pop()
            yield number, self._body(known)

    def _number(self, reference: IndirectObject, known: PdfObject) -> int:
        key = (reference.idnum, reference.generation)
        if key not in self.numbers:
            self.numbers[key] = self.next
            self.waiting.append((self.next, known))
            self.next += 1
        return self.numbers[key]

    def _body(self, known: PdfObject) -> bytes:
        moved = self._moved(known)
        if isinstance(known, PageObject):
            moved[NameObject("/Parent")] = _to(PAGES)
        if not isinstance(known, StreamObject):
            return _bytes(moved)
        data = known._data  # as it is kept, compressed
        data = data if isinstance(data, bytes) else data.encode("latin-1")
        moved[NameObject("/Length")] = NumberObject(len(data))
        return _bytes(moved) + b"\nstream\n" + data + b"\nendstream"

    def _moved(self, known: PdfObject) -> PdfObject:
        """The object with what it points to renamed."""
        if isinstance(known, IndirectObject):
            found = known.get_object()
            return NullObject() if found is None else _to(self._number(known, found))
        if isinstance(known, ArrayObject):
            return ArrayObject(self._moved(item) for item in known)
        if isinstance(known, DictionaryObject):
            kept = {name: dict.__getitem__(known, name) for name in known if name not in OF_THE_DOCUMENT}
            return _dictionary({name: self._moved(value) for name, value in kept.items()})
        return known


def _to(number: int) -> IndirectObject:
    return IndirectObject(number, 0, None)


def _dictionary(known: dict) -> DictionaryObject:
    return DictionaryObject({NameObject(name): value for name, value in known.items()})


def _bytes(known: PdfObject) -> bytes:
    out = io.BytesIO()
    known.write_to_stream(out)
    return out.getvalue()
