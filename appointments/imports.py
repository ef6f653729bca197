"""What spreadsheets bring onto the register of appointments: past ones, out of the lists that bureaus kept (补录)."""

from collections import defaultdict

from appointments import notices
from appointments.actions.transcribing import transcribe_past
from appointments.documents.transcription import TranscriptionFacts, transcription
from appointments.forms.appointments import CounterForm
from appointments.models import Appointment
from appointments.states import EndReason, State
from registry.actions.files import Inspected, store_file
from registry.fields import TextField
from registry.importing import ByActs, Outcome, column_of, columns_of, meanings_of
from registry.importing.kind import meant
from registry.imports import NOTHING, PERSON_COLUMNS, enterprise_columns, enterprise_of, in_turn, person_at
from registry.models import Enterprise, StoredFile
from registry.refusals import Refused
from registry.rules import day_words
from registry.sheets import Column, Limits
from registry.states import Verdict

OPINION = TextField(label="核对意见", max_length=200, required=False)
PDF = "application/pdf"


class PastAppointments(ByActs):
    """Past appointments: transcribed, flagged, with an extract of the list that they stand on (design 1.15)."""

    slug, place, title, unit = "appointments", 4, "首席质量官任命补录", "项"
    lead = "补录本平台启用以前、企业已经作出并在纸质材料中备案的任命。"
    lines = (
        "每项任命一行；企业和人员须已在名录中，聘任首日须在此人的任职期间内。",
        "任期自企业载明的聘任首日起，按办法规定的年数计算；提前终止的，填写任职的最后一天和终止原因。",
        "任职条件中不是“符合”的，须有核对意见；一行的意见用于这一行的各项条件。",
        "补录的任命标明“代录”，附这份表格中该企业各行的摘录；不出具登记回执，不逐项发送消息。",
        "市局补录的随即登记；县（市、区）局补录的为已核对，待市局登记，依口径由县（市、区）局登记的除外。",
        "同一人同一首日已有任命的，不随补录改变。",
    )
    limits = Limits(rows=1000)
    aliases = {"candidate": "name"}
    asked = (
        *("own_letter_number", "first_day", "appointer", "position", "in_decision_level", "exception_reason"),
        *("quality_department", "inspection_department", "safety_department", "departments_report"),
        *("declares_ethics", "declares_knowledge", "declares_independence"),
    )
    meanings = meanings_of(CounterForm, asked) | {"end_reason": {label: value for value, label in EndReason.choices}}

    def may(self, user):
        return user.has_perm("appointments.work_queue")

    def columns(self, user):
        options = {"in_decision_level": {"required": True, "title": "属于企业决策层"}}
        departments = ("quality_department", "inspection_department", "safety_department")
        options |= {name: {"title": f"{CounterForm.base_fields[name].label}部门"} for name in departments}
        declared = ("declares_ethics", "declares_knowledge", "declares_independence")
        titles = ("承诺职业道德和敬业精神", "承诺熟悉法律法规和政策", "承诺工作独立性")
        options |= {name: {"title": title} for name, title in zip(declared, titles, strict=True)}
        ended = (
            Column("last_day", "任职的最后一天", "day", note="任期届满或者仍在任的不填。", width=13),
            Column("end_reason", "终止原因", "choice", choices=tuple(EndReason.labels), width=14),
        )
        opinion = column_of("opinion", OPINION, width=30)
        said = columns_of(CounterForm, self.asked, **options)
        return (*enterprise_columns(user), *PERSON_COLUMNS, *said, *ended, opinion)

    def label(self, values):
        return values.get("name", "")

    def key(self, values):
        return values["credit_code"], values["name"], values["reference"], values["first_day"]

    def batches(self, entries):
        for portion in in_turn(entries):  # who came before has to have ended before
            yield sorted(portion, key=lambda entry: entry.values["first_day"])

    def prepare(self, entries, *, by, at, run):
        """Each enterprise's extract of the list, by credit code; in a rehearsal a row without a file stands for it."""
        rows = defaultdict(list)
        for entry in entries:
            rows[entry.values["credit_code"]].append(entry)
        known = Enterprise.unscoped.visible_to(by).in_bulk(list(rows), field_name="credit_code")
        extracts = {}
        for code, enterprise in known.items():
            if run is None:
                extracts[code] = StoredFile.unscoped.create(
                    reference=f"{enterprise.reference}-0", enterprise=enterprise, name="摘录", content_type=PDF, size=0,
                    sha256="0" * 64, uploaded_at=at, uploaded_by=by,
                )  # fmt: skip
                continue
            drawn = transcription(self._facts(enterprise, rows[code], run, by=by, at=at))
            pdf = Inspected.of(drawn.pdf, PDF, drawn.pages)
            extracts[code] = store_file(pdf, f"补录摘录 {run.reference}.pdf", enterprise=enterprise, by=by, at=at)
            notices.transcribed(enterprise, len(rows[code]), at=at)
        return extracts

    def _facts(self, enterprise: Enterprise, entries, run, *, by, at) -> TranscriptionFacts:
        columns = self.columns(by)

        def cells(values: dict) -> tuple[tuple[str, str], ...]:
            told = ((column.title, values[column.key]) for column in columns)
            return tuple(
                (title, day_words(value) if hasattr(value, "year") else value) for title, value in told if value
            )

        return TranscriptionFacts(
            enterprise_name=enterprise.name,
            credit_code=enterprise.credit_code,
            file_name=run.name,
            digest=run.digest,
            office=by.office_name,
            officer=by.display_name,
            at=at,
            rows=tuple((entry.number, cells(entry.values)) for entry in entries),
        )

    def apply(self, values, *, context, by, at):
        told = meant(values, self.meanings)
        enterprise = enterprise_of(told, by)
        person = person_at(enterprise, told)
        known = Appointment.unscoped.filter(enterprise=enterprise, candidate=person, first_day=told["first_day"])
        if row := known.exclude(state__in=(State.DRAFT, State.WITHDRAWN)).first():
            return self._on_file(row, told)
        row = transcribe_past(
            enterprise=enterprise, candidate=person, transcript=context[told["credit_code"]],
            **{name: told[name] for name in (*self.asked, "opinion", "last_day", "end_reason")}, by=by, at=at,
        )  # fmt: skip
        last_day = row.ended_on or row.last_day
        said = f"{day_words(row.first_day)}至{day_words(last_day)}，{State(row.state).label}"
        return Outcome(Verdict.NEW, (("任命", NOTHING, said),))

    def _on_file(self, row: Appointment, told: dict) -> Outcome:
        """The same appointment, known already: nothing to write where the list says nothing else."""
        if any(told[name] not in ("", getattr(row, name)) for name in ("position", "own_letter_number")):
            raise Refused(
                f"这项任命已经登记为 {row.reference}，内容不同；已登记的任命不随补录改变。", field="first_day"
            )
        return Outcome(Verdict.UNCHANGED)
