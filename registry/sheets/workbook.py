"""An XLSX as a grid. It is unpacked and checked here; calamine reads only a package we packed anew.

Calamine sets aside a cell for every place up to the last one with content, and room for as many texts as a count says,
and ends the process when that much memory is not there: one cell in a far corner, a made-up count, or one long text
shown often must be found before it looks. Nor does it tell formulas and error values from what they show. Packing anew
leaves no second way to read the directory, the relationships or the names.
"""

import io
import posixpath
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import IO
from xml.parsers import expat

from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_cell_to_rowcol

from registry.refusals import Refused
from registry.sheets.grid import MAX_COLUMNS, Grid, check_place
from registry.sheets.template import MEGABYTE, SHEET, Limits

MAX_ENTRIES = 200
MAX_RATIO = 100  # counted from one megabyte on: less harms nobody
MAX_TAG = MEGABYTE // 4  # of one tag or comment; a tag is held whole, with its attributes
MAX_TEXT = 64 * MEGABYTE  # characters: the longest shared text times the cells that may show it
CHUNK = 64 * 1024

NOT_A_SHEET = "这份文件不是 Excel 工作簿（.xlsx）或 CSV。请使用下载的模板填写后上传。"
DAMAGED = "这份工作簿已损坏，无法读取。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"
BOMB = "这份工作簿展开后过大，可能是恶意文件，没有读取。请使用下载的模板填写后上传。"
ENTITIES = "这份工作簿含有文档类型或实体声明，可能是恶意文件，没有读取。请使用下载的模板填写后上传。"
TOO_MUCH = "这份工作簿的内容过多（可能给大量空白行设了格式）。请把数据复制到新下载的模板中，再上传。"
PASSWORD = "这份工作簿设有密码，无法读取。请取消密码后再上传。"

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml", "styles": "styles.xml"}
_COUNT = re.compile(r"[0-9]{1,6}")
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NAME = r"[A-Z]{1,3}[1-9][0-9]{0,6}"
_RANGE = re.compile(rf"({_NAME})(?::({_NAME}))?")


def read_workbook(data: bytes, limits: Limits) -> Grid:
    """The cells of the sheet to fill in. Raises Refused for what is no workbook, a damaged one, or a hostile one."""
    # On disk: a large sheet unpacked, and again within calamine, would be held in memory side by side. Under no name:
    # it may hold ID numbers, and a process that is killed leaves nothing behind.
    with tempfile.TemporaryFile() as packed:
        scan = _checked(data, limits, packed)
        scan.grid.rows = _values(f"/proc/self/fd/{packed.fileno()}")
    return scan.grid


def _checked(data: bytes, limits: Limits, packed: IO[bytes]) -> "_Scan":
    """What the sheet's XML says of its cells; a package that calamine may read is written to ``packed``."""
    try:
        with _opened(data, limits) as archive:
            date_1904, parts = _parts(archive, limits)
            scan = _Scan(limits)
            with archive.open(parts["worksheet"]) as stream:
                _walk(stream, limits, scan.started, scan.ended)
            _check_others(archive, parts, limits, scan.texts)
            _pack(archive, parts, date_1904, packed)
    except (zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, OSError, ValueError, RuntimeError,
            LookupError, ArithmeticError):  # fmt: skip
        raise Refused(DAMAGED) from None
    packed.flush()
    return scan


def _values(path: str) -> list[list[object]]:
    """The values as calamine reads them."""
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            return workbook.get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    except Exception:  # whatever it makes of a sheet that is well-formed XML and yet no sheet
        raise Refused(DAMAGED) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a panic in Rust is no Exception and has no name to import
            raise
        raise Refused(DAMAGED) from None


def _opened(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The archive, once its directory promises little enough; that it keeps its word is zipfile's to see."""
    if data.count(b"PK\x01\x02") > MAX_ENTRIES:  # before a list is made of them
        raise Refused(BOMB)
    archive = zipfile.ZipFile(io.BytesIO(data))
    entries = archive.infolist()
    for entry in entries:
        if entry.flag_bits & 1:
            raise Refused(PASSWORD)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(DAMAGED)
        if entry.file_size > max(MEGABYTE, entry.compress_size * MAX_RATIO):
            raise Refused(BOMB)
    # Packed sizes that add up to more than the file: entries that share their bytes, or sizes made up.
    packed, unpacked = sum(entry.compress_size for entry in entries), sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked or packed > len(data):
        raise Refused(BOMB)
    return archive


def _walk(
    stream: IO[bytes],
    limits: Limits,
    started: Callable,
    ended: Callable | None = None,
    text: Callable | None = None,
) -> None:
    """Read XML as it is unpacked, telling local names. No entities, no huge tags, no other encoding than UTF-8."""
    parser, seen, fed = expat.ParserCreate("UTF-8"), 0, 0

    def refuse_doctype(*_):
        raise Refused(ENTITIES)

    def refuse_cdata():  # no spreadsheet program writes it, and calamine reads it as nothing
        raise ValueError("CDATA")

    def start(name, attributes):
        nonlocal seen
        seen += 1
        if seen > limits.elements:
            raise Refused(TOO_MUCH)
        if "count" in attributes or "uniqueCount" in attributes:
            _check_counts(attributes)
        started(name.rpartition(":")[2] if ":" in name else name, attributes)

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse_doctype
    parser.StartCdataSectionHandler = refuse_cdata
    parser.StartElementHandler = start
    if ended:
        parser.EndElementHandler = lambda name: ended(name.rpartition(":")[2])
    parser.CharacterDataHandler = text
    while chunk := stream.read(CHUNK):
        if b"\0" in chunk:  # UTF-16, which expat would follow and calamine would read as other text
            raise ValueError("not UTF-8")
        parser.Parse(chunk, False)
        fed += len(chunk)
        if fed - max(parser.CurrentByteIndex, 0) > MAX_TAG:
            raise Refused(TOO_MUCH)
    parser.Parse(b"", True)


def _check_counts(attributes: dict[str, str]) -> None:
    """Raises Refused where a part says that it holds more than anybody fills in: room is made for so many at once."""
    for count in ("count", "uniqueCount"):
        if not _COUNT.fullmatch(attributes.get(count, "0")):
            raise Refused(TOO_MUCH)


def _parts(archive: zipfile.ZipFile, limits: Limits) -> tuple[bool, dict[str, str]]:
    """Whether days count from 1904, and where the sheet, the shared texts and the styles stand."""
    sheets, targets, kinds, book = {}, {}, {}, {}

    def in_workbook(name, attributes):
        if name == "sheet":  # the namespace of the relationship's id may have any prefix
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), None)
            sheets.setdefault(attributes.get("name", "").strip(), relation)
        elif name == "workbookPr":
            book.update(attributes)

    def in_relations(name, attributes):
        if name == "Relationship":
            target = posixpath.normpath(posixpath.join("xl", attributes.get("Target", ""))).lstrip("/")
            targets[attributes.get("Id")] = target
            kinds[attributes.get("Type", "").rpartition("/")[2]] = target

    if "xl/workbook.xml" not in archive.namelist():
        raise Refused(NOT_A_SHEET)
    with archive.open("xl/workbook.xml") as stream:
        _walk(stream, limits, in_workbook)
    if SHEET not in sheets:
        raise Refused(f"这份工作簿中没有名为“{SHEET}”的工作表。请使用下载的模板填写，不要给工作表改名。")
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        _walk(stream, limits, in_relations)
    kinds["worksheet"] = targets[sheets[SHEET]]
    there = {kind: kinds[kind] for kind in _PARTS if kind == "worksheet" or kinds.get(kind) in archive.namelist()}
    return book.get("date1904") in ("1", "true"), there


@lru_cache(maxsize=MAX_COLUMNS)
def _column(letters: str) -> int:
    """The number of a column, counted from 0."""
    return xl_cell_to_rowcol(f"{letters}1")[1]


class _Scan:
    """What the sheet's XML says of its cells: where content ends, what is a formula or an error, what is merged."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self.grid, self.cell, self.row, self.kind, self.texts = Grid([]), None, 0, "", 0
        self.row_name = ""

    def started(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self.row_name = attributes["r"]  # Excel and WPS always say it; counting along could count otherwise
            self.row = int(self.row_name)
        elif name == "c":
            found = _CELL.fullmatch(attributes["r"])
            if not found:
                raise ValueError("not a cell's name")
            if found[2] != self.row_name:
                raise ValueError("a cell in another row")
            self.cell, self.kind = (self.row, _column(found[1])), attributes.get("t", "n")
        elif name in ("v", "is", "f") and self.cell:
            check_place(*self.cell, self.limits)
            if name == "f":
                self.grid.tainted[self.cell] = "是公式，公式的结果不能采信。请改填数值（复制后“选择性粘贴—数值”）。"
                if attributes.get("t") in ("array", "dataTable"):
                    self._range(attributes.get("ref", ""), "由一个数组公式填写，请改填数值。")
            elif self.kind == "e":
                self.grid.tainted.setdefault(self.cell, "是错误值（如 #N/A），请改填正确的内容。")
            elif self.kind == "s":
                self.texts += 1
        elif name == "mergeCell":
            self._range(attributes["ref"], "是合并单元格，请取消合并，逐格填写。")

    def ended(self, name: str) -> None:
        if name == "c":
            self.cell = None

    def _range(self, name: str, reason: str) -> None:
        found = _RANGE.fullmatch(name)
        if not found:
            raise ValueError("not a range")
        (first, column), (last, _) = (xl_cell_to_rowcol(cell) for cell in (found[1], found[2] or found[1]))
        self.grid.ranges.append((first + 1, column, last + 1, f"{name} {reason}"))


def _check_others(archive: zipfile.ZipFile, parts: dict[str, str], limits: Limits, cells: int) -> None:
    """Walk the styles and the shared texts. Each cell showing a text gets a copy of its own: they must not add up."""
    longest = length = 0

    def started(name, _):
        nonlocal length
        length = 0 if name == "si" else length

    def text(part):
        nonlocal longest, length
        length += len(part)
        longest = max(longest, length)

    for kind in parts.keys() - {"worksheet"}:
        with archive.open(parts[kind]) as stream:
            _walk(stream, limits, started, text=text)
    if longest * cells > MAX_TEXT:
        raise Refused("这份工作簿中有过长的文字，没有读取。请使用下载的模板填写后上传。")


def _pack(archive: zipfile.ZipFile, parts: dict[str, str], date_1904: bool, packed: IO[bytes]) -> None:
    """A package with the one sheet and what it needs, under names of ours; their bytes as they were walked."""
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(date_1904)}"/>'
        f'<sheets><sheet name="{SHEET}" sheetId="1" r:id="worksheet"/></sheets></workbook>'
    )
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("_rels/.rels", _relations({"officeDocument": "xl/workbook.xml"}))
        target.writestr("xl/workbook.xml", book)
        target.writestr("xl/_rels/workbook.xml.rels", _relations({kind: _PARTS[kind] for kind in parts}))
        for kind, source in parts.items():
            with archive.open(source) as given, target.open(f"xl/{_PARTS[kind]}", "w") as taken:
                shutil.copyfileobj(given, taken, CHUNK)


def _relations(targets: dict[str, str]) -> str:
    each = "".join(
        f'<Relationship Id="{kind}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for kind, target in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}">{each}</Relationships>'
