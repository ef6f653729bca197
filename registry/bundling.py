"""Issued papers in bulk, as the stored bytes they are: a ZIP of files, or one PDF with a bookmark for each.

What is missing or no longer what was issued is named, in ``说明.txt`` or on the first page, and the rest goes on.
"""

import logging
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.template.loader import render_to_string
from django.utils import timezone

from registry import filestore
from registry.models import IssuedPaper
from registry.papers import render, sheet
from registry.papers.sheet import MM
from registry.papers.volume import Unreadable, Volume

logger = logging.getLogger(__name__)
LONGEST_NAME = 80  # characters; three bytes each are still a file name everywhere
NAMED = 200  # of those left out, so many on the first page
NOTE = "说明.txt"
NONE, GONE, SPOILT, TORN = (
    "还没有这份文件",
    "文件缺失，已记入系统日志",
    "内容与出具时不一致，已记入系统日志",
    "无法并入",
)
ORIGINAL = "各份文件的内容与单独下载的相同；合并件供打印和存档，核验时上传单独下载的文件。"


@dataclass
class Bundle:
    """Papers, each with the name of whose it is, None where there is none; and what is said of them all.

    ``number`` and ``left_out`` (what, why) are known when all papers went through.
    """

    papers: Iterable[tuple[str, IssuedPaper | None]]
    notes: list[tuple[str, str]]
    number: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def whole(self) -> Iterator[tuple[str, IssuedPaper, bytes]]:
        """Name, paper and bytes of each that is there as it was issued; what is not is noted as left out."""
        for name, paper in self.papers:
            if paper is None:
                self.left_out.append((name, NONE))
                continue
            try:
                data = filestore.fetch_whole(paper.sha256)
            except (FileNotFoundError, ValueError) as error:
                logger.critical("paper %s: stored bytes do not match %s", paper.code, paper.sha256)
                reason = GONE if isinstance(error, FileNotFoundError) else SPOILT
                self.left_out.append((f"{paper.number} {name}", reason))
                continue
            self.number += 1
            yield name, paper, data

    def drop(self, name: str, paper: IssuedPaper, reason: str) -> None:
        """Leave out what turned out not to be of use after all."""
        self.number -= 1
        self.left_out.append((f"{paper.number} {name}", reason))

    def told(self, most: int | None = None) -> list[str]:
        """What is said of the papers, line by line; of those left out no more than ``most`` by name."""
        lines = [f"{label}：{words}" for label, words in self.notes]
        lines.append(f"份数：{self.number}")
        if self.left_out:
            lines.append(f"未列入：{len(self.left_out)}")
            lines += [f"{what}：{why}" for what, why in self.left_out[:most]]
            if most is not None and len(self.left_out) > most:
                lines.append(f"另有 {len(self.left_out) - most} 份未列入，没有逐一写出。")
        return lines


def file_name(paper: IssuedPaper, name: str) -> str:
    """编号_姓名.pdf, in characters that every system takes in a file's name."""
    version = f"_第{paper.version}版" if paper.version > 1 else ""
    kept = "".join(c for c in f"{paper.number}_{name}" if unicodedata.category(c)[0] not in "CZ" or c == " ")
    safe = re.sub(r'[\\/:*?"<>|%\s]+', "-", kept).strip("-._")
    return f"{safe[:LONGEST_NAME]}{version}.pdf"


def write_zip(file: BinaryIO, bundle: Bundle) -> None:
    """Write the papers as files of their own; they are compressed already."""
    taken: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as folder:
        for name, paper, data in bundle.whole():
            own = file_name(paper, name)
            taken[own] = taken.get(own, 0) + 1
            if taken[own] > 1:
                own = f"{own.removesuffix('.pdf')} ({taken[own]}).pdf"
            issued = timezone.localtime(paper.issued_at)
            folder.writestr(zipfile.ZipInfo(own, issued.timetuple()[:6]), data)
        text = "\r\n".join(bundle.told()) + "\r\n"
        folder.writestr(zipfile.ZipInfo(NOTE, timezone.localtime().timetuple()[:6]), text.encode("utf-8-sig"))


def write_pdf(file: BinaryIO, bundle: Bundle) -> None:
    """Write the papers one after the other, a page in front that says what they are."""
    volume, title = Volume(file), bundle.notes[0][1]
    for name, paper, data in bundle.whole():
        try:
            volume.add(data, f"{paper.number} {name}")
        except Unreadable as error:
            logger.error("paper %s cannot be copied into a volume: %s", paper.code, error)
            bundle.drop(name, paper, TORN)
    volume.add(_cover(title, [*bundle.told(NAMED), ORIGINAL]), in_front=True)
    volume.finish(title)


def _cover(title: str, lines: list[str]) -> bytes:
    facts = {
        "name": title,
        "title": sheet.paragraph(sheet.worded(title), 156 * MM / 22, 0),
        "lines": [sheet.paragraph(sheet.worded(line), 156 * MM / 14, 0) for line in lines],
    }
    html = render_to_string("papers/volume_cover.html", facts)
    return render.render(html, sheet.style("common", "bundle")).pdf
