"""People as training meets them: somebody without an enterprise put on file, and a name that was wrong."""

from django.urls import reverse

from registry.actions.people import correct_name, record_free_person
from registry.citing import cited
from registry.pages import demand
from registry.views.common import form_page, posted
from registry.views.people import PEOPLE, address_of, page_that_asked, person_within_scope, trail_to
from training.forms.sessions import FreePersonForm, NameForm
from training.models import Certificate
from training.views.common import act_page


def free_person_new(request):
    """Put somebody without an enterprise on file, then go back to where the person was wanted (``?next=``)."""
    demand(request.user, "registry.record_free_person")
    form = FreePersonForm(**posted(request))
    return form_page(
        request,
        form,
        lambda **who: record_free_person(**form.values(), **who),
        to=lambda person: page_that_asked(request, person),
        title="登记没有企业的人员",
        lead=f"不在企业任职、要参加培训的人员由质监部门登记并报名{cited('7')}。在企业任职的，由所在企业登记和报名。",
        trail=[(PEOPLE, reverse("candidate_list"))],
        submit="登记",
        done="人员已登记在册。",
    )


def name_correct(request, reference):
    """Correct a person's name; papers issued stay as they were."""
    person = person_within_scope(request, reference)
    demand(request.user, "registry.correct_name", person)
    form = NameForm(initial={"name": person.name}, version=person.version, **posted(request))
    valid = Certificate.unscoped.valid().filter(candidate=person).select_related("body")
    certificates = valid.visible_to(request.user)
    return act_page(
        request,
        form,
        lambda **who: correct_name(person, version=form.cleaned_data["version"], **form.values(), **who),
        to=address_of,
        done="姓名已更正。已发出的证书保持原样，需要时由发证机构换发。",
        row=person,
        template="training/name_correct.html",
        person=person,
        certificates=certificates.order_by("-issued_on", "pk"),
        bodies=sorted({row.body.name for row in valid}),
        trail=trail_to(person),
    )
