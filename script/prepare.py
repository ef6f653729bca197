"""The first half of both commands, run by whichever Python was found: packages and ``.venv``, then the second half."""

import os
import sys

import steps

for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="utf-8", errors="replace")

command, *arguments = sys.argv[1:]
steps.end_on_signals()
with steps.alone():
    steps.ensure_packages(tests=command == "check")
    steps.ensure_venv("requirements.txt", *(["requirements-dev.txt"] if command == "check" else []))
os.environ["PYTHONUTF8"] = "1"
os.execv(steps.PYTHON, [str(steps.PYTHON), str(steps.ROOT / "script" / f"{command}.py"), *arguments])
