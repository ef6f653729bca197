"""Delivery status notifications (RFC 3464): which mail came back, and why. Reads what strangers wrote; trusts none."""

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

LONGEST = 5 * 1024 * 1024  # bytes; a notification that returns a whole mail of ours is far shorter
OURS = re.compile(r"<(FS[0-9A-F]{12}0\.\d{1,5})@[^<>\s]*>")
STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
# RFC 3463: the second figure says what it is about.
SUBJECTS = {"1": "收件邮箱不存在或者已经停用", "2": "收件邮箱已满或者不能收信", "7": "对方邮件服务器拒收"}


class Unreadable(Exception):  # noqa: N818 (named for what happened)
    """A file that is no notification of a mail that came back; its words are a sentence."""


@dataclass(frozen=True)
class Bounce:
    """One mail that came back: the key of its sending, and why as a sentence."""

    key: str
    reason: str


def read_bounce(data: bytes) -> Bounce:
    """What a notification says. Raises Unreadable for anything else: a delay, a receipt, another's mail, no mail."""
    if len(data) > LONGEST:
        raise Unreadable("文件太大，不是退信通知。")
    try:
        parts = list(message_from_bytes(data).walk())
        reason = _reason(_recipient_fields(parts))
        return Bounce(_key(parts), reason)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise Unreadable("邮件格式不完整，无法读取。") from error


def _recipient_fields(parts: list[Message]) -> Message:
    """The fields of the recipient that was not reached; ours are mails to one each."""
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status" and part.is_multipart()]
    if not reports:
        raise Unreadable("不是退信通知（没有 message/delivery-status 部分）。")
    blocks = [block for report in reports for block in report.get_payload() if block["Final-Recipient"]]
    if not blocks:
        raise Unreadable("退信通知没有写明收件人（Final-Recipient）。")
    failed = [block for block in blocks if str(block["Action"] or "").strip().lower() == "failed"]
    if not failed:
        raise Unreadable("通知说的不是退信：邮件仍在投递，或者已经送达。")
    return failed[0]


def _reason(fields: Message) -> str:
    """Why, in our own words: what the other server wrote may hold the whole address, and anything else."""
    status = STATUS.search(str(fields["Status"] or ""))
    if status is None:
        raise Unreadable("退信通知没有写明状态码（Status）。")
    return f"{SUBJECTS.get(status[2], '对方邮件服务器不能投递')}（{status[0]}）。"


def _key(parts: list[Message]) -> str:
    """The key in the Message-ID of the mail that is returned with the notification, whole or its headers alone."""
    for part in parts[1:]:
        if part.get_content_type() == "text/rfc822-headers":
            returned = message_from_string(part.get_payload(decode=True).decode("utf-8", "replace"))
        elif part.get_content_type() == "message/rfc822" and part.is_multipart():
            returned = part.get_payload(0)
        else:
            continue
        if found := OURS.search(str(returned["Message-ID"] or "")):
            return found[1]
    raise Unreadable("退回的不是本平台发出的邮件，或者没有附上原邮件的 Message-ID。")
