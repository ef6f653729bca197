"""ClamAV, where the office runs it: each upload is shown to its daemon before anything here reads it.

The daemon's own protocol (clamd(8), INSTREAM): chunks of a four-byte length and as many bytes, the last of none. A
daemon that is named and does not answer stops uploads, since a scan that is skipped in silence is none.
"""

import logging
import socket
import struct

from django.conf import settings

from registry.refusals import Refused

log = logging.getLogger(__name__)
INFECTED = "病毒扫描在这份文件中发现了有害内容，没有保存。请检查您的电脑，换一份干净的文件。"
NO_SCAN = "病毒扫描暂时不可用，现在不能接收文件。请稍后再试；若一直如此，请联系市局。"
SECONDS = 20  # for each answer; the daemon's own limit of a scan is longer, and its client's is ours
CHUNK = 64 * 1024


class ScanUnavailable(Exception):
    """The daemon does not answer, or not as it should."""


def state() -> str:
    """``off`` where no daemon is named, ``ok`` where it answers, ``unavailable`` where it does not."""
    if not settings.CLAMD:
        return "off"
    try:
        return "ok" if _asked(b"zPING\0", seconds=2) == "PONG" else "unavailable"
    except ScanUnavailable:
        return "unavailable"


def refuse_harm(data: bytes) -> None:
    """Raises Refused where the daemon finds harm in these bytes, and where one is named and does not answer."""
    try:
        harm = finding(data)
    except ScanUnavailable as error:
        log.error("uploads are refused, since CQO_CLAMD does not answer: %s", error)
        raise Refused(NO_SCAN) from error
    if harm:
        log.warning("an upload was refused: %s", harm)
        raise Refused(INFECTED)


def finding(data: bytes) -> str:
    """What the daemon calls the harm in these bytes; empty for none, and where no daemon is named.

    Raises ScanUnavailable where one is named and does not answer.
    """
    if not settings.CLAMD:
        return ""
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] + [b""]
    sent = b"".join(struct.pack(">I", len(chunk)) + chunk for chunk in chunks)
    answer = _asked(b"zINSTREAM\0" + sent, seconds=SECONDS)
    if answer == "stream: OK":
        return ""
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScanUnavailable(answer[:200])


def _asked(question: bytes, *, seconds: float) -> str:
    """The daemon's answer."""
    try:
        with _connection(seconds) as daemon:
            daemon.sendall(question)
            with daemon.makefile("rb") as answers:
                return answers.read(1000).rstrip(b"\0\n").decode("utf-8", "replace")
    except OSError as error:
        raise ScanUnavailable(str(error)) from error


def _connection(seconds: float) -> socket.socket:
    """A connection to the daemon: CQO_CLAMD is the path of its socket, or host:port."""
    host, _, port = settings.CLAMD.rpartition(":")
    if host and port.isdigit():
        return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)
    daemon = socket.socket(socket.AF_UNIX)
    daemon.settimeout(seconds)
    try:
        daemon.connect(settings.CLAMD)
    except OSError:
        daemon.close()
        raise
    return daemon
