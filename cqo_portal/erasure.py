"""Erasing what a person asked to have erased: what no paper, appointment or case stands on, history included."""

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from pghistory.core import event_models

from appointments.models import Appointment
from appointments.states import State
from registry.actions.common import locked
from registry.models import (
    Candidate,
    DataRequest,
    Education,
    Employment,
    ProfessionalQualification,
    QualityExperience,
)
from registry.securitylog import note
from registry.states import RequestState, SecurityEvent
from training.models import Certificate, TrainingRecord

ID_GONE = "已删除*"  # in the place of a masked number
FACTS = (Education, ProfessionalQualification, QualityExperience, TrainingRecord)


def event_model(model):
    """The history of a tracked model, all of it."""
    return event_models(tracks_model=model)[0]._default_manager.all()


def forget_number(person: Candidate) -> None:
    """Remove a person's ID number: cipher, hash, and what is shown of it, in the history too."""
    Candidate.unscoped.filter(pk=person.pk).update(
        id_cipher=b"", id_hash=f"erased-{person.reference}", id_masked=ID_GONE
    )
    event_model(Candidate).filter(pgh_obj=person.pk).update(id_masked=ID_GONE)


@transaction.atomic
def carry_out(row: DataRequest, *, at: datetime) -> list[str]:
    """Carry a granted erasure out; what went and what stays, in sentences for the person.

    An appointment that stands keeps the facts it was judged by, a certificate the number that tells its holder apart.
    """
    row = locked(DataRequest.unscoped, row.pk)
    person = locked(Candidate.unscoped, row.candidate_id)
    said = [_phones(person, at)]
    standing = Appointment.unscoped.filter(candidate=person).exclude(state__in=(State.ENDED, State.WITHDRAWN))
    if standing.exists():
        said.append("学历、职业资格、经历和培训：现有的任命以此为据，任期终止后可以再次提出。")
    else:
        said.append(_facts(person))
    at_work = person.employments.filter(period__contains=timezone.localdate(at)).exists()
    if standing.exists() or at_work or Certificate.unscoped.filter(candidate=person).exists():
        said.append("证件号码：仍在任职，或者持有培训证书，须用以识别本人，予以保留（加密，遮盖显示）。")
    else:
        forget_number(person)
        said.append("证件号码：已删除。")
    said.append("姓名、出生日期，以及已出具的文件和登记记录：依法留存，不作改动。")
    row.state, row.done_at, row.outcome = RequestState.DONE, at, said
    row.save()
    note(SecurityEvent.ERASURE, about=row.reference)
    return said


def _phones(person: Candidate, at: datetime) -> str:
    ended = person.employments.filter(period__endswith__lte=timezone.localdate(at))
    keys = list(ended.values_list("pk", flat=True))
    Employment.unscoped.filter(pk__in=keys).update(phone="")
    event_model(Employment).filter(pgh_obj__in=keys).update(phone="")
    return "手机号码：已离职单位登记的已删除；在职单位登记的，请向该单位提出。"


def _facts(person: Candidate) -> str:
    kept = 0
    for model in FACTS:
        for fact in model.unscoped.filter(candidate=person):
            try:
                with transaction.atomic():
                    key, _ = fact.pk, fact.delete()
            except ProtectedError:  # a course that the city has recognised
                kept += 1
                continue
            event_model(model).filter(pgh_obj_id=key)._raw_delete("default")
    stays = f"；其中 {kept} 项已经市局认定，予以保留" if kept else ""
    return f"学历、职业资格、经历和培训：已删除{stays}。"
