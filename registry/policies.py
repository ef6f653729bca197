"""Who may, in the registry: one predicate table. Scope is the models' door; here stands what a person may do."""

import rules

from registry.models import Candidate, County
from registry.states import CITY_WIDE, STAFF, Role


@rules.predicate
def is_enterprise(user):
    """Somebody of an enterprise."""
    return user.role == Role.ENTERPRISE


@rules.predicate
def is_municipal(user):
    """An officer of the municipal bureau."""
    return user.role == Role.MUNICIPAL


@rules.predicate
def is_administrator(user):
    """Who keeps accounts and the measure."""
    return user.role == Role.ADMINISTRATOR


@rules.predicate
def is_staff(user):
    """Anybody of a bureau, or the administrator."""
    return user.role in STAFF


@rules.predicate
def is_bureau(user):
    """County or city: the offices that keep the register."""
    return user.role in (Role.COUNTY, Role.MUNICIPAL)


@rules.predicate
def owns_enterprise(user, enterprise):
    """Somebody of this very enterprise."""
    return enterprise is not None and user.role == Role.ENTERPRISE and user.enterprise_id == enterprise.pk


@rules.predicate
def oversees_enterprise(user, enterprise):
    """The bureau within whose scope the enterprise lies."""
    if enterprise is None:
        return user.role in (Role.COUNTY, *CITY_WIDE)
    return user.role == Role.MUNICIPAL or (user.role == Role.COUNTY and user.county_id == enterprise.county_id)


@rules.predicate
def sees_person(user, person):
    """The bureau within whose scope the person is on file; a row that this user fetched by the door tells so itself."""
    if person is None or person.seen_by == user.pk:
        return person is not None
    return Candidate.unscoped.visible_to(user).filter(pk=person.pk).exists()


@rules.predicate
def of_the_office(user, job):
    """Somebody of the office that started this background work or import; it stays in the name of who did."""
    same = job is not None and user.role == job.created_by.role
    return same and type(job).unscoped.visible_to(user).filter(pk=job.pk).exists()


@rules.predicate
def is_applicant(user):
    """Somebody who registered and is of no enterprise."""
    return user.role == Role.APPLICANT


@rules.predicate
def sent_registration(user, registration):
    """Who sent this registration."""
    return registration is not None and registration.applicant_id == user.pk


@rules.predicate
def oversees_registration(user, registration):
    """The bureau of the county that the registration names."""
    return user.role == Role.MUNICIPAL or (registration is not None and user.county_id == registration.county_id)


@rules.predicate
def owns_accounts(user):
    """Who invites and removes the accounts of their enterprise."""
    return user.role == Role.ENTERPRISE and user.is_owner


@rules.predicate
def colleague(user, other):
    """Another account of the same enterprise."""
    return other is not None and other.pk != user.pk and other.enterprise_id == user.enterprise_id is not None


@rules.predicate
def oversees_delivery(user, delivery):
    """The bureau within whose scope the enterprise lies that a message went to."""
    return delivery is None or (delivery.enterprise_id is not None and oversees_enterprise(user, delivery.enterprise))


rules.add_perm("registry.add_enterprise", is_bureau)
rules.add_perm("registry.change_enterprise", owns_enterprise | (is_bureau & oversees_enterprise))
rules.add_perm("registry.designate_enterprise", is_bureau & oversees_enterprise)
rules.add_perm("registry.record_person", owns_enterprise | (is_bureau & oversees_enterprise))
rules.add_perm("registry.record_free_person", is_bureau)
rules.add_perm("registry.correct_name", is_bureau & sees_person)
rules.add_perm("registry.store_file", owns_enterprise | (is_bureau & oversees_enterprise))
rules.add_perm("registry.keep_internal_file", is_bureau & oversees_enterprise)
rules.add_perm("registry.repeat_job", of_the_office | is_administrator)
rules.add_perm("registry.export_list", ~is_applicant)
rules.add_perm("registry.confirm_import", of_the_office)
rules.add_perm("registry.see_deliveries", is_staff)
rules.add_perm("registry.resend_delivery", is_bureau & oversees_delivery)
rules.add_perm("registry.see_history", is_staff)
rules.add_perm("registry.see_statistics", is_staff)
rules.add_perm("registry.manage_accounts", is_administrator)
rules.add_perm("registry.register_own_enterprise", is_applicant)
rules.add_perm("registry.withdraw_registration", is_applicant & sent_registration)
rules.add_perm("registry.see_registrations", is_bureau)
rules.add_perm("registry.decide_registration", is_bureau & oversees_registration)
rules.add_perm("registry.see_members", is_enterprise)
rules.add_perm("registry.invite_member", owns_accounts)
rules.add_perm("registry.remove_member", owns_accounts & colleague)
rules.add_perm("registry.reveal_number", is_municipal & sees_person)
rules.add_perm("registry.issue_person_link", is_bureau & sees_person)
rules.add_perm("registry.answer_data_request", is_municipal)
rules.add_perm("registry.see_data_requests", is_municipal | is_administrator)
rules.add_perm("registry.see_security_log", is_administrator)
rules.add_perm("registry.record_basis", is_administrator)
rules.add_perm("registry.see_basis_documents", is_staff)
rules.add_perm("registry.record_interpretation", is_municipal)


def counties_of(user):
    """The counties whose enterprises this officer keeps on the register."""
    return County.unscoped.filter(pk=user.county_id) if user.county_id else County.unscoped.all()
