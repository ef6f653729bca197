"""Training elsewhere, out of spreadsheets; what a session itself records has a sheet of its own."""

from registry.actions.people import record_fact
from registry.importing import ByActs, Outcome, columns_of, meanings_of
from registry.importing.kind import meant
from registry.imports import NOTHING, PERSON_COLUMNS, enterprise_columns, enterprise_of, in_turn, person_at
from registry.refusals import Refused
from registry.sheets import MEGABYTE, Limits
from registry.states import Verdict
from training.forms.records import TrainingForm
from training.models import TrainingBody, TrainingRecord


class Trainings(ByActs):
    """继续教育 and 任职培训 that people completed, with the certificates they hold (Art. 6(五), Art. 8 ¶2)."""

    slug, place, title = "trainings", 3, "继续教育和培训记录"
    lead = "登记人员在本平台以外参加的继续教育和任职培训。"
    lines = (
        "每项培训一行；人员须已在企业的人员名单中。",
        "培训机构在名录中的，按名录的名称填写，自动对应。",
        "外部课程是否计入学时，依口径并经市局认定；认定须有证明材料，请在人员页面补传。",
        "质监部门集中组织的继续教育，在该期培训班的“考勤和成绩”中登记，不在这里填写。",
        "已登记的同一证书不随导入改变；有误的，请在人员页面移除后重新登记。",
    )
    limits = Limits(rows=5000, upload=5 * MEGABYTE, unpacked=60 * MEGABYTE, elements=1_000_000)
    asked = ("kind", "body_name", "certificate_number", "completed_on", "hours")
    meanings = meanings_of(TrainingForm, ("kind",))

    def may(self, user):
        return user.has_perm("registry.record_person", user.enterprise)

    def columns(self, user):
        options = {"body_name": {"title": "培训机构", "required": True, "width": 28}, "kind": {"width": 12}}
        return (*enterprise_columns(user), *PERSON_COLUMNS, *columns_of(TrainingForm, self.asked, **options))

    def label(self, values):
        return values.get("name", "")

    def key(self, values):
        who = (values.get("credit_code"), values["name"], values["reference"])
        return (*who, values["kind"], values["certificate_number"])

    def batches(self, entries):
        return in_turn(entries)

    def apply(self, values, *, context, by, at):
        told = meant(values, self.meanings)
        enterprise = enterprise_of(told, by)
        person = person_at(enterprise, told)
        facts = {name: told[name] for name in self.asked}
        facts["body"] = TrainingBody.unscoped.filter(name=facts["body_name"]).first()
        same = {name: facts[name] for name in ("kind", "certificate_number")}
        known = TrainingRecord.unscoped.filter(candidate=person, enterprise=enterprise, **same).first()
        if known is None:
            row = record_fact(TrainingRecord, person, enterprise=enterprise, by=by, at=at, **facts)
            return Outcome(Verdict.NEW, (("培训记录", NOTHING, "，".join(TrainingForm.described(row))),))
        if any(getattr(known, name) != value for name, value in facts.items()):
            said = "，".join(TrainingForm.described(known))
            raise Refused(f"这一证书编号已登记为：{said}。有误的，请移除后重新登记。", field="certificate_number")
        return Outcome(Verdict.UNCHANGED)
