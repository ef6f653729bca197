"""Courses elsewhere: the municipal bureau recognises them, or takes a recognition back."""

from django.urls import reverse

from registry.citing import cited
from registry.pages import PortalForm, demand, find, first_result
from registry.views.common import form_page, posted
from registry.views.people import person_within_scope, trail_to
from training import actions
from training.forms.pool import RecogniseForm
from training.forms.records import TrainingForm
from training.models import CourseRecognition, TrainingRecord
from training.states import TrainingKind


def _course(request, reference: str, pk: int) -> TrainingRecord:
    """A continuing-education course on a person's file; Http404 outside one's scope, or for another kind of record."""
    demand(request.user, "training.recognise_course")
    person = person_within_scope(request, reference)
    rows = TrainingRecord.unscoped.visible_to(request.user).select_related("enterprise", "evidence", "candidate")
    return find(rows, pk=pk, candidate=person, kind=TrainingKind.CONTINUING)


def _page_of(record: TrainingRecord) -> str:
    return reverse("ce_ledger", args=[record.candidate.reference])


def _shared(record: TrainingRecord) -> dict:
    """What both pages show of the course."""
    return {
        "to": lambda _: _page_of(record),
        "caption": f"{record.candidate.name}，{record.enterprise.name}",
        "trail": [*trail_to(record.candidate), ("继续教育", _page_of(record))],
        "fact": (*TrainingForm.described(record), record.evidence),
    }


def course_recognise(request, reference, pk):
    """Recognise a course elsewhere, for so many hours."""
    record = _course(request, reference, pk)
    form = RecogniseForm(most=record.hours or 0, **posted(request))
    return form_page(
        request,
        form,
        lambda **who: actions.recognise_course(record, hours=form.cleaned_data["hours"], **who),
        title="认定外部课程",
        lead=f"质监部门以外的课程，口径规定计入的，经市局认定后计入学时{cited('8.2')}；没有这样的口径，认定了也不计入。登记不发消息。",
        submit="认定",
        done="已认定。",
        **_shared(record),
    )


def course_recognition_drop(request, reference, pk):
    """Take a recognition back; its history stays."""
    record = _course(request, reference, pk)
    form = PortalForm(**posted(request))
    # Sent a second time it finds nothing left to take back: it shows what it did the first time.
    if request.method == "POST" and form.is_valid() and (response := first_result(request, form)):
        return response
    recognition = find(CourseRecognition.unscoped.visible_to(request.user), record=record)
    return form_page(
        request,
        form,
        lambda **who: actions.drop_recognition(recognition, **who),
        title="撤回课程认定",
        lead=f"撤回后，这门课程的 {recognition.hours} 学时不再计入；修改记录中仍可查到。登记不发消息。",
        submit="撤回认定",
        danger=True,
        done="认定已撤回。",
        **_shared(record),
    )
