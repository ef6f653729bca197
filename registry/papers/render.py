"""Papers are drawn by a process apart, which the kernel limits in memory and, for each paper, in time.

One for each process of the server: its fonts stay warm, so that a paper takes no longer than it did within.
"""

import atexit
import json
import logging
import os
import subprocess
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from registry import sandbox
from registry.papers import fonts
from registry.papers.drawing import receive, send
from registry.refusals import Refused

PROGRAM = Path(__file__).resolve().with_name("drawing.py")
SECONDS = 15  # one paper; the longest that a form lets anybody write takes three
MEMORY = 1536 * sandbox.MEGABYTE  # address space, half of which the whole fonts take as they are mapped
OUTPUT = 64 * sandbox.MEGABYTE  # the fonts it lays down for fontconfig
# What fontconfig goes by; nothing else of the environment is told.
TOLD = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_CACHE_HOME", "XDG_DATA_HOME")
TOO_LONG = "这份文件的内容过多，无法在规定的时间和内存内排印完成。请删减内容后再试。"
log = logging.getLogger(__name__)


class PaperError(Exception):
    """A paper could not be rendered because it names something outside itself."""


@dataclass(frozen=True)
class Rendering:
    """A rendered document and its number of pages."""

    pdf: bytes
    pages: int


class Drawer:
    """The process that draws, begun when it is needed and again after it was ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._folder: tempfile.TemporaryDirectory | None = None
        # One at a time: it has one pair of pipes, and Pango's font map is shared by all papers.
        self._lock = threading.Lock()
        atexit.register(self.end)

    def begin(self) -> None:
        """Begin the process without waiting for it. Raises FontsMissing when no font is installed."""
        with self._lock:
            self._begun()

    def draw(self, html: str, css: str) -> tuple[dict, bytes]:
        """What the process answers. Raises sandbox.Overrun when it ended instead, FontsMissing as ``begin``."""
        with self._lock:
            try:
                process = self._begun()
                send(process.stdin, [html.encode(), css.encode()])
                facts, pdf = receive(process.stdout)
            except (EOFError, OSError) as error:
                status = self._end()
                raise sandbox.Overrun(f"drawing ended with {status}") from error
            return json.loads(facts), pdf

    def end(self) -> None:
        """End the process, where there is one."""
        with self._lock:
            if self._process is not None:
                self._end()

    def peak_memory(self) -> int:
        """Bytes that the process held at most; for measuring."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def _begun(self) -> subprocess.Popen:
        if self._process is None:
            font_set = fonts.load()
            self._folder = tempfile.TemporaryDirectory(prefix="cqo-papers-")
            environment = {name: os.environ[name] for name in TOLD if name in os.environ}
            self._process = subprocess.Popen(
                sandbox.confined(PROGRAM, str(SECONDS), memory=MEMORY, output=OUTPUT),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment | {"TMPDIR": self._folder.name},
            )
            names = json.dumps(list(font_set.files)).encode()
            send(self._process.stdin, [font_set.face_rules.encode(), names, *font_set.files.values()])
        return self._process

    def _end(self) -> int:
        process, self._process = self._process, None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not yet written has nobody to go to
                pipe.close()
        self._folder.cleanup()
        return process.wait()


drawer = Drawer()


def render(html: str, css: str) -> Rendering:
    """One HTML document and its style sheet as a PDF; the same input gives the same bytes.

    Raises PaperError when either names an address, Refused when it takes too much time or memory, FontsMissing when no
    font is installed.
    """
    try:
        facts, pdf = drawer.draw(html, css + fonts.load().variables)
    except sandbox.Overrun as error:
        log.error("a paper of %d characters was refused: %s", len(html), error)
        raise Refused(TOO_LONG) from error
    if "fault" in facts:
        raise PaperError(facts["fault"])
    return Rendering(pdf, facts["pages"])
