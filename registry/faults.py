"""The one place where a database's refusal becomes a sentence: by constraint name, or by trigger name."""

import re

from django.apps import apps
from django.db import DatabaseError

# pgtrigger raises InternalError without a constraint name; its message names the trigger's function.
TRIGGERS = {
    "state_moves": "这项任命的状态已经变化，不能办理这一步。请查看最新办理经过。",
    "born_as_draft": "任命须从草稿开始。",
    "term_never_changes": "聘任期限自提交时确定，不能更改（第十一条）。",
    "never_deleted": "任命不能删除，只能撤回或终止。",
    "append_only": "已经作出的记录不能更改或删除。",
}
BUSY = "系统正忙，另一人正在办理同一件事。请稍候再试，您填写的内容没有写入。"
TOO_LONG = "内容超过了允许的长度，没有写入。请缩短后再试。"
CODES_OF_BUSY = {"55P03", "57014", "40001", "40P01"}  # lock or statement timeout, serialisation, deadlock


def _constraint_sentences() -> dict[str, str]:
    return {
        constraint.name: str(constraint.violation_error_message)
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }


def sentence_for(error: DatabaseError) -> str | None:
    """What to tell a person about a database's refusal; None when it is a fault of ours."""
    cause = error.__cause__
    if getattr(cause, "pgcode", None) in CODES_OF_BUSY:
        return BUSY
    if getattr(cause, "pgcode", None) == "22001":  # a string longer than its column
        return TOO_LONG
    if name := getattr(getattr(cause, "diag", None), "constraint_name", None):
        return _constraint_sentences().get(name)
    if "pgtrigger" in str(error):
        found = re.search(r"Invalid transition", str(error))
        return (
            TRIGGERS["state_moves"]
            if found
            else next((sentence for name, sentence in TRIGGERS.items() if name in str(error)), TRIGGERS["append_only"])
        )
    return None
