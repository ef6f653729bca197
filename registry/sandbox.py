"""Programs that touch what strangers sent, each in a process that the kernel limits: what they wreck is their own.

A confined program gains no privileges by setuid files, and has no more memory, processor time, open files and output
than it is given.
"""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from django.conf import settings

MEGABYTE = 1024 * 1024
OPEN_FILES = 64
AT_ONCE = 2  # of one server process: the others wait, so that eight threads do not need eight times the memory
_places = threading.BoundedSemaphore(AT_ONCE)


class Overrun(Exception):
    """The program took more than it was given, or fell."""


def confined(program: Path, *arguments: str, memory: int, output: int, seconds: int | None = None) -> list[str]:
    """The command of a Python program with limits: bytes of address space, bytes of each file it writes, and seconds of
    processor time in all.
    """
    limits = {"as": memory, "fsize": output, "nofile": OPEN_FILES, "core": 0, "cpu": seconds}
    return [
        *("setpriv", "--no-new-privs"),
        *("prlimit", *(f"--{name}={limit}" for name, limit in limits.items() if limit is not None)),
        *(sys.executable, "-I", "-B", str(program), *arguments),
    ]


def run(program: Path, data: bytes, *, memory: int, seconds: int, output: int) -> bytes:
    """What a confined program writes when it is given ``data``. ``seconds`` bound its work, and twice that the wait.

    Raises Overrun when it ends otherwise than well.
    """
    command = confined(program, memory=memory, seconds=seconds, output=output)
    # Files, not pipes: the kernel counts what goes into a file, and nobody reads more than it allows.
    with _places, tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
        given.write(data)
        given.seek(0)
        options = {"stdin": given, "stdout": taken, "stderr": subprocess.DEVNULL, "env": {"LANG": "C.UTF-8"}}
        try:
            done = subprocess.run(command, cwd=settings.BASE_DIR, timeout=2 * seconds, **options)
        except subprocess.TimeoutExpired:
            raise Overrun(f"{program.name} was stopped after {2 * seconds} s") from None
        if done.returncode:
            raise Overrun(f"{program.name} ended with {done.returncode}")
        taken.seek(0)
        return taken.read()
