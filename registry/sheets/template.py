"""What a template is made of: its columns, and the line in A1 that says what it is and whose."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

SHEET = "填写"
MEGABYTE = 1024 * 1024
MARK_ROW, HEADER_ROW, FIRST_DATA_ROW = 1, 2, 3  # as Excel numbers them


@dataclass(frozen=True)
class Limits:
    """How much an upload may hold: data rows, bytes of the file and of its parts unpacked, elements of one part."""

    rows: int = 2000
    upload: int = 5 * MEGABYTE
    unpacked: int = 60 * MEGABYTE
    elements: int = 500_000  # 2,000 rows of 20 cells have some 80,000

    @property
    def last_row(self) -> int:
        """The last row that may hold data, as Excel numbers it."""
        return FIRST_DATA_ROW + self.rows - 1


@dataclass(frozen=True)
class Column:
    """One column. Bounds belong to its kind: minimum, maximum and decimals to numbers, max_length to text.

    A ``prefilled`` column says who a row is about; the template locks it. ``width`` is in characters. ``rule`` makes a
    value plain or raises ``registry.cleaning.Unfit``. What is ``secret`` is shown to nobody who reads the rows.
    """

    key: str
    title: str
    kind: Literal["text", "number", "day", "choice"]
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 10**9
    decimals: int = 0
    max_length: int = 200
    note: str = ""
    width: int = 14
    prefilled: bool = False
    rule: Callable | None = None
    secret: bool = False

    @property
    def wanted(self) -> str:
        """What may be written here, as words that follow “应填”."""
        if self.kind == "choice":
            return "“" + "”“".join(self.choices) + "”之一"
        if self.kind == "day":
            return "日期，如 2026-11-22"
        if self.kind == "text":
            return f"文字，最多 {self.max_length} 个字"
        digits = f"数（最多 {self.decimals} 位小数）" if self.decimals else "整数"
        return f"{digits}，{self.minimum} 至 {self.maximum}"


@dataclass(frozen=True)
class Template:
    """A kind of spreadsheet in one version, for one subject (the reference of a session, say, or nothing)."""

    kind: str
    version: int
    subject: str
    title: str
    columns: tuple[Column, ...]
    explanation: tuple[str, ...] = field(default=())
    limits: Limits = Limits()

    @property
    def mark(self) -> str:
        """The line in A1; a cell survives every program and CSV, a file's properties do not."""
        return f"{self.kind} 第{self.version}版 {self.subject}".strip()


@dataclass(frozen=True)
class Fault:
    """A fault at a place: the row as Excel shows it (0: none), the column as letter and title, the reason."""

    row: int
    column: str
    reason: str
