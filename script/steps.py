"""What both commands share: words, the set-up lock, fingerprints, system packages, the virtual environment, secrets.

Standard library only: it runs before anything is installed.
"""

import ctypes
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "script" / "locks"
SEMGREP = VAR / "semgrep" / "bin" / "semgrep"
NGINX = VAR / "nginx" / "nginx"
SECRETS = VAR / "secrets"
FIRST_KEYS = ("cqo_id_key", "cqo_id_hash_key", "cqo_code_key")
KEYS = (*FIRST_KEYS, "cqo_log_key")  # those after the first came with a later version of the portal
APPS = ("registry", "training", "appointments", "cqo_portal")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
FANDOL_PACKAGE = "texlive-lang-chinese"
FANDOL = ("FandolFang-Regular.otf", "FandolKai-Regular.otf")
SERIF_FONTS = ("NotoSerifCJK*", "NotoSerifSC*", "SourceHanSerif*", "simfang*", "STFangsong*")


def say(chinese: str, english: str) -> None:
    """One step's news, in both languages."""
    print(f"· {chinese} / {english}", flush=True)


def stop(chinese: str, english: str, *commands: str) -> NoReturn:
    """End with clear words and the commands that help."""
    print("\n".join(["", chinese, english, *(f"  {command}" for command in commands)]), file=sys.stderr)
    raise SystemExit(1)


def end_on_signals() -> None:
    """Let Ctrl-C, TERM and a closed terminal unwind the program, once, even where the shell had them ignored."""

    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, _frame: object) -> NoReturn:
        for end in ends:
            signal.signal(end, signal.SIG_IGN)  # an impatient second one must not cut the unwinding short
        raise SystemExit(128 + number)

    for end in ends:
        signal.signal(end, leave)


@contextmanager
def alone():
    """One set-up at a time in this checkout; a second one waits."""
    VAR.mkdir(exist_ok=True)
    with open(VAR / "setup.lock", "w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("等待另一个正在进行的安装", "waiting for another set-up")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash of the files at and beneath ``paths``, names included."""
    whole = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                whole.update(f"{file.relative_to(ROOT)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode())
    return whole.hexdigest()


def once(stamp: Path, mark: str, work: Callable[[], None]) -> None:
    """Do ``work`` unless ``stamp`` says that it was done for ``mark``. Set down only after success."""
    if stamp.exists() and stamp.read_text() == mark:
        return
    work()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(mark)


def ensure_packages(*, tests: bool) -> None:
    """See to Pango, HarfBuzz's subsetter, a CJK serif font and, for tests, Chromium and Poppler."""
    wanted = {
        "libpango-1.0-0": _loads("libpango-1.0.so.0"),
        "libpangoft2-1.0-0": _loads("libpangoft2-1.0.so.0"),
        "libharfbuzz-subset0": _loads("libharfbuzz-subset.so.0"),
        "fonts-noto-cjk": _has_serif_font(),
        "fontconfig": bool(shutil.which("fc-list")),
        "fonts-liberation": _has_font("LiberationSerif*"),
    }
    if tests:
        wanted |= {"chromium": bool(shutil.which("chromium")), "poppler-utils": bool(shutil.which("pdftotext"))}
    install([package for package, present in wanted.items() if not present])


def install(packages: list[str]) -> None:
    """Install Debian packages where that needs no password; otherwise stop with the exact command."""
    if not packages:
        return
    if not shutil.which("apt-get"):
        stop(
            "此系统不是 Debian，无法自动安装下列软件（以 Debian 包名表示），请自行安装后重试：",
            "This is not Debian. Install what these Debian packages hold, then start again:",
            " ".join(packages),
        )
    by_hand = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() == 0:
        sudo = []
    elif shutil.which("sudo") and not _quiet("sudo", "-n", "true"):
        sudo = ["sudo", "-n"]
    else:
        stop(
            "缺少系统软件包，而当前用户无权安装。请由管理员运行：",
            "System packages are missing and this user may not install them. Ask for this to be run:",
            by_hand,
        )
    say(f"安装系统软件包 {' '.join(packages)}", "installing system packages")
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    add = [*apt, "install", "-y", "--no-install-recommends", *packages]
    # A fresh machine has no package lists, an old one has stale ones: fetch them and try again.
    if _quiet(*add) and (_quiet(*apt, "update") or subprocess.run(add, stdin=subprocess.DEVNULL).returncode):
        stop("系统软件包安装失败，请运行：", "Installing system packages failed. Run:", by_hand)


def ensure_venv(*requirements: str) -> None:
    """Make ``.venv`` of this Python and install what the named files' locks hold, each only when it changed."""
    if not PYTHON.exists() or _quiet(PYTHON, "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"):
        if _quiet(sys.executable, "-c", "import ensurepip, venv"):
            install([f"python3.{sys.version_info.minor}-venv"])
        say("建立 Python 环境 .venv", "making .venv")
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    for name in requirements:
        once(VENV / f"{name}.installed", fingerprint([LOCKS / name]), lambda name=name: _pip(PYTHON, name))


def ensure_semgrep() -> None:
    """Install semgrep into an environment of its own: its many packages do not meet the portal's."""
    folder = SEMGREP.parent.parent

    def work() -> None:
        subprocess.run([PYTHON, "-m", "venv", "--clear", folder], check=True)
        _pip(folder / "bin" / "python", "semgrep.txt")

    once(VAR / "semgrep.installed", fingerprint([LOCKS / "semgrep.txt"]), work)


def collect_static() -> None:
    """Collect static files where they have changed: no page is served without their names."""

    def work() -> None:
        say("收集静态文件", "collecting static files")
        command = [PYTHON, ROOT / "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)

    folders = [ROOT / "static", *(ROOT / app / "static" for app in APPS)]
    once(VAR / "static.collected", fingerprint([ROOT / "requirements.txt", *folders]), work)


def ensure_secrets() -> None:
    """Make the portal's keys under ``var/secrets`` where they are missing; never beside data that needs lost ones.

    A key of a kind that this installation never had is new and not lost: ``made`` keeps the names. A first version that
    has a later one beside it was retired by ``manage.py rotate_keys``.
    """
    SECRETS.mkdir(mode=0o700, parents=True, exist_ok=True)
    SECRETS.chmod(0o700)
    made = SECRETS / "made"
    had = {*FIRST_KEYS, *(made.read_text().split() if made.exists() else ())}
    missing = [name for name in ("cqo_secret_key", *KEYS) if not any(_versions(name))]
    lost = [name for name in missing if name in had and name.upper() not in os.environ]
    if lost and (VAR / "postgres" / "prepared").exists():
        stop(
            f"var/secrets 中缺少 {'、'.join(lost)}，而数据库中的加密内容只能用原密钥读取。请从备份恢复该文件。",
            f"{', '.join(lost)} is gone from var/secrets, and the data was encrypted with it: restore it from backup.",
        )
    for name in missing:
        # Renamed into place when whole: a kill in the middle leaves no empty key.
        new = SECRETS / f"{name}.new"
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) if name in KEYS else secrets.token_urlsafe(50))
        new.rename(SECRETS / name)
    made.write_text("\n".join(KEYS))


def _versions(name: str) -> list[Path]:
    """The files of a key: the first version, and those that ``manage.py rotate_keys`` was given later."""
    return [SECRETS / name] * (SECRETS / name).exists() + list(SECRETS.glob(f"{name}_[0-9]*"))


def fetch_fandol() -> None:
    """Fetch the two free fonts that look like 仿宋 and 楷体 (GPL-3 with font exception) out of Debian's package.

    Papers are whole without them, set in Noto Serif; so a machine that cannot fetch them goes on.
    """
    _take_out_of(
        FANDOL_PACKAGE,
        {name: VAR / "fonts" / "own" / name for name in FANDOL},
        news=("取公文字体 Fandol（可选，49 MB）", "fetching the Fandol fonts (optional)"),
        otherwise=("未能取得，公文改用 Noto 宋体", "not to be had here; papers are set in Noto Serif"),
    )


def ensure_nginx() -> None:
    """Leave an nginx for the long tests: this machine's own, or the program out of Debian's package in ``var``.

    Unpacked and not installed: installing would start a server on port 80.
    """
    if not shutil.which("nginx"):
        _take_out_of(
            "nginx",
            {"sbin/nginx": NGINX},
            news=("取 nginx（长测试用）", "fetching nginx (for the long tests)"),
            otherwise=("未能取得，略过经 nginx 的测试", "not to be had here; the test behind nginx is skipped"),
        )


def _take_out_of(package: str, wanted: dict[str, Path], news: tuple[str, str], otherwise: tuple[str, str]) -> None:
    """Put files of a Debian package, named by the end of their path, in their places, unless they are there."""
    if all(place.exists() for place in wanted.values()) or not (shutil.which("apt-get") and shutil.which("dpkg")):
        return
    say(*news)
    with tempfile.TemporaryDirectory(dir=VAR) as folder:

        def download() -> int:
            return subprocess.run(
                ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            ).returncode

        if download() and (_quiet("apt-get", "-qq", "update") or download()):
            say(*otherwise)
            return
        subprocess.run(["dpkg", "-x", next(Path(folder).glob(f"{package}_*.deb")), folder], check=True)
        for name, place in wanted.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            new = Path(folder, "new")  # renamed into place when whole, as a key is
            shutil.copy(next(Path(folder).rglob(name)), new)
            new.rename(place)


def make_fonts() -> None:
    """Make the papers' subset fonts, again only when the way to make them or the library changed."""
    mark = fingerprint([ROOT / "registry" / "papers" / "fonts.py", ROOT / "requirements.txt"])

    def work() -> None:
        fetch_fandol()
        say("制作公文字体子集", "making the subset fonts")
        subprocess.run([PYTHON, ROOT / "script" / "make_fonts"], check=True)

    once(VAR / "fonts" / "made", mark, work)


def _pip(python: Path, name: str) -> None:
    """Install a lock: these versions and no others, and of each only files whose hashes it has."""
    say(f"安装 {name}", f"installing {name}")
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "-r",
        LOCKS / name,
    ]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
        stop(
            f"{name} 安装失败，原因见上。请检查网络后重试。",
            f"Installing {name} failed for the reason above. Check the network and start again.",
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_serif_font() -> bool:
    return any(_has_font(name) for name in SERIF_FONTS)


def _has_font(name: str) -> bool:
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(next(folder.rglob(name), None) for folder in folders if folder.is_dir())


def _quiet(*command: str | Path) -> int:
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode
