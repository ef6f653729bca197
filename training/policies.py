"""Who may, in training: one predicate table."""

import rules
from django.utils import timezone

from registry.policies import is_administrator, is_bureau, is_enterprise, is_municipal, is_staff, owns_enterprise
from registry.states import Role


@rules.predicate
def acts_for(user, body):
    """Whoever acts for a training body: its trainers, or the officers of the bureau that it is (Art. 8 ¶1)."""
    return body is not None and body.is_taught_by(user)


@rules.predicate
def runs(user, session):
    """Whoever acts for the body that organises the session."""
    return acts_for(user, session.body)


@rules.predicate
def issues(user, certificate):
    """Whoever acts for the body that issued the certificate."""
    return acts_for(user, certificate.body)


@rules.predicate
def is_second_person(user, revocation):
    """Somebody else than who proposed the revocation."""
    return user.pk != revocation.proposed_by_id


@rules.predicate
def may_decide(user, revocation):
    """The issuing body, or the municipal bureau."""
    return user.role == Role.MUNICIPAL or acts_for(user, revocation.certificate.body)


@rules.predicate
def trains_at_all(user):
    """Whoever may have a training body to act for."""
    return user.role in (Role.TRAINER, Role.COUNTY, Role.MUNICIPAL)


@rules.predicate
def keeps_free_person(user, candidate):
    """The bureau that put somebody without an enterprise on file; the city's sees them all."""
    return user.role == Role.MUNICIPAL or (user.role == Role.COUNTY and user.county_id == candidate.county_id)


@rules.predicate
def enrolled_it(user, enrolment):
    """The enterprise that enrolled the person, or the bureau where nobody else could."""
    if enrolment.enterprise_id:
        return owns_enterprise(user, enrolment.enterprise)
    return is_bureau(user) and keeps_free_person(user, enrolment.candidate)


@rules.predicate
def owns_project(user, project):
    """The enterprise at which the project is carried out."""
    return owns_enterprise(user, project.enterprise)


@rules.predicate
def oversees_project(user, project):
    """The bureau within whose scope the project's enterprise lies."""
    return user.role == Role.MUNICIPAL or user.county_id == project.enterprise.county_id


@rules.predicate
def speaks_for_entry(user, entry):
    """The enterprise of the person's project while it employs the person, or its bureau, with a signed paper."""
    if is_bureau(user):
        return oversees_project(user, entry.project)
    employed = entry.candidate.employments.filter(
        enterprise=entry.project.enterprise_id, period__contains=timezone.localdate()
    )
    return owns_project(user, entry.project) and employed.exists()


rules.add_perm("training.keep_bodies", is_municipal)
rules.add_perm("training.keep_trainers", is_administrator)
rules.add_perm("training.offer_any", trains_at_all)
rules.add_perm("training.offer", acts_for)
rules.add_perm("training.run", runs)
rules.add_perm("training.enrol", owns_enterprise)
rules.add_perm("training.enrol_free", is_bureau & keeps_free_person)
rules.add_perm("training.withdraw", enrolled_it)
rules.add_perm("training.reissue", issues)
rules.add_perm("training.propose_revocation", issues)
rules.add_perm("training.decide_revocation", may_decide & is_second_person)
rules.add_perm("training.plan_project", owns_enterprise)
rules.add_perm("training.prepare_project", owns_project)
rules.add_perm("training.confirm_project", is_bureau & oversees_project)
rules.add_perm("training.record_consent", speaks_for_entry)
rules.add_perm("training.leave_pool", is_municipal)
rules.add_perm("training.recognise_course", is_municipal)
rules.add_perm("training.follow_people", is_staff | is_enterprise)
