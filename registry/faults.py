"""The one place where a database's refusal becomes a sentence: by constraint name, or by trigger name."""

import re

from django.apps import apps
from django.db import DatabaseError

from registry.citing import cited_late

# pgtrigger raises InternalError without a constraint name; its message names the trigger's function.
TRIGGERS = {
    "state_moves": "这一事项的状态已经变化，不能办理这一步。请查看最新办理经过。",
    "born_as_draft": "任命须从草稿开始。",
    "term_never_changes": cited_late("聘任期限自提交时确定，不能更改{}。", "11"),
    "never_deleted": "任命不能删除，只能撤回或终止。",
    "session_born_as_draft": "培训班须从草稿开始。",
    "project_born_as_draft": "课题须从草稿开始。",
    "seat_within_session": "座次超出了这一期的名额。",
    "attendance_within_session": "考勤日期不在这一期的培训日内。",
    "revocation_decided_stays": "撤销已经作出决定，不能更改。",
    "revocation_never_deleted": "撤销记录不能删除。",
    "revocation_born_open": "撤销须先提出，再由第二人确认。",
    "revocation_as_proposed": "撤销的提出人、证书和理由不能更改。",
    "certificate_of_its_enrolment": "证书须发给报名的人，由组织这一期的培训机构发给。",
    "attendance_before_certificate": "已发证书，考勤不能再改。",
    "recognised_within_record": "认定学时不能超过课程学时，并须有证明材料。",
    "pool_entry_by_two_facts": cited_late("纳入人才库须有本人的培训证书和本人已完成的课题{}。", "8.2"),
    "pool_entry_stays": "纳入人才库的记录不能更改。",
    "pool_entry_never_deleted": "人才库的记录不能删除，只能登记退出。",
    "cycle_born_as_draft": "报告通知须从草稿开始。",
    "cycle_stands_as_published": "已发布的通知不能更改；期限只能延后。有误的，请收回后重新发布。",
    "duty_never_deleted": "报告义务不能删除；通知有误的，请收回通知。",
    "duty_service_stays": "送达的记录不能更改，报告期限只能延后。",
    "report_born_as_draft": "履职报告须从草稿开始。",
    "report_never_deleted": "履职报告不能删除。",
    "report_receipt_stays": "履职报告的收到时间不能更改。",
    "finding_born_as_draft": "发现情况须从草稿开始。",
    "case_born_opened": "建议案须从开立开始。",
    "case_never_deleted": "建议案不能删除。",
    "case_on_a_ground": cited_late("建议须有办法所列的情形之一{}。", "12.(2)"),
    "case_of_one_in_force": "这项任命已不在任，没有可以建议解除的聘任。",
    "case_stands_as_signed": "已签发的建议不能更改；有误的，请收回。",
    "campaign_born_as_draft": "活动须从草稿开始。",
    "campaign_as_published": "活动已经发布，内容和日期不能更改。",
    "achievement_born_as_draft": "成果须从草稿开始。",
    "achievement_as_submitted": "成果已经提交，内容不能更改；需要更改的，撤回后重新填写。",
    "achievement_file_while_written": "成果已经提交，材料不能增减。",
    "commendation_of_its_enterprise": "表彰的人员须在成文之日以前已任该企业的首席质量官。",
    "guidance_of_a_pilot": "指导之日不是试点企业，或者所更正的不是本企业的记录。",
    "policy_born_as_draft": "政策须从草稿开始。",
    "policy_as_published": "政策已经公布，内容不能更改；有误的，终止后重新公布。",
    "ground_of_its_case": "情形须是这位首席质量官的：已立卷的发现情况、任期内的年度，或者已发布通知的报告义务。",
    "registration_born_as_submitted": "企业注册须从提交开始。",
    "data_request_born_asked": "个人信息请求须从提出开始。",
    "data_request_never_deleted": "个人信息请求不能删除。",
    "import_born_reading": "导入须从核对开始。",
    "import_never_deleted": "导入的记录不能删除。",
    "security_head_never": "安全日志的末号只能增加。",
    "append_only": "已经作出的记录不能更改或删除。",
}
# Constraints that only SQL can say (foreign keys over several columns), by name.
BY_HAND = {
    "certificate_stands_on_a_pass": cited_late("考核合格的，才发给培训证书；已发证的考核不能改为不合格{}。", "8.1")
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
        sentence = (_constraint_sentences() | BY_HAND).get(name)
        return sentence and str(sentence)
    if "pgtrigger" in str(error):
        found = re.search(r"Invalid transition", str(error))
        # One name may stand in another ("never_deleted"): the longest is meant.
        named = max((name for name in TRIGGERS if name in str(error)), key=len, default="append_only")
        return str(TRIGGERS["state_moves" if found else named])
    return None
