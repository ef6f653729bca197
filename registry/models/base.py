"""What every model of the portal shares: one door to its rows."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q

from registry.states import CITY_WIDE, Role


class PortalQuerySet(models.QuerySet):
    """Rows of public text or reference data; everybody may read them."""

    def visible_to(self, user) -> PortalQuerySet:
        """The rows this user may see: all of them, since they are public."""
        return self


class ScopedQuerySet(PortalQuerySet):
    """Rows that belong to an enterprise, and through it to a county.

    ``enterprise_path`` and ``county_path`` lead from the row to the ids that a user is held against.
    """

    enterprise_path = "enterprise_id"
    county_path = "enterprise__county_id"

    def visible_to(self, user) -> ScopedQuerySet:
        """The rows this user may see (design §2); none for anybody unknown, inactive or without a role here."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        if user.role in CITY_WIDE:
            return self
        if user.role == Role.COUNTY and user.county_id:
            return self.of_county(user.county_id)
        if user.role == Role.ENTERPRISE and user.enterprise_id:
            return self.of_enterprise(user.enterprise_id)
        return self.none()

    def of_county(self, county_id: int) -> ScopedQuerySet:
        """Rows within one county."""
        return self.filter(**{self.county_path: county_id})

    def of_enterprise(self, enterprise_id: int) -> ScopedQuerySet:
        """Rows of one enterprise."""
        return self.filter(**{self.enterprise_path: enterprise_id})


class Base(models.Model):
    """Abstract ground of all models: the manager is ``unscoped``, so that reading past the door shows in the code."""

    unscoped = PortalQuerySet.as_manager()
    # Rows that record what was decided are never updated or deleted; the application's role may not either.
    append_only = False
    # Rows that are written over but never deleted, by the application's role neither.
    never_deleted = False

    class Meta:
        abstract = True
        default_manager_name = "unscoped"
        base_manager_name = "unscoped"


class ScopedBase(Base):
    """Abstract ground of rows that belong to an enterprise."""

    unscoped = ScopedQuerySet.as_manager()

    class Meta(Base.Meta):
        abstract = True


def no_overlap(name: str, *columns: str, message: str) -> ExclusionConstraint:
    """Dated rows of one subject that never overlap."""
    return ExclusionConstraint(
        name=name,
        expressions=[*((column, RangeOperators.EQUAL) for column in columns), ("period", RangeOperators.OVERLAPS)],
        violation_error_message=message,
    )


def has_days(name: str) -> models.CheckConstraint:
    """A period that holds at least one day, and begins some day."""
    return models.CheckConstraint(
        name=name,
        condition=Q(period__isempty=False, period__startswith__isnull=False),
        violation_error_message="终止日期不得早于起始日期。",
    )


def pair(name: str, at: str, by: str, **clock) -> models.CheckConstraint:
    """When and by whom are both there or both absent; ``clock`` names what only the clock does, with no name."""
    both = Q(**{f"{at}__isnull": True, f"{by}__isnull": True}) | Q(**{f"{at}__isnull": False, f"{by}__isnull": False})
    if clock:
        both |= Q(**{f"{at}__isnull": False, f"{by}__isnull": True}, **clock)
    return models.CheckConstraint(name=name, condition=both, violation_error_message="办理时间和办理人须同时记录。")


def newest(name: str, moment: str, by) -> list[models.Index]:
    """The indexes of a list that begins with the newest: one for each set of columns that it is narrowed by."""
    return [models.Index(fields=[*columns, moment, "-id"], name="_".join([name, *columns])) for columns in by]


def moves(name: str, allowed: tuple[tuple[str, str], ...]) -> pgtrigger.FSM:
    """The trigger that refuses every other change of state."""
    return pgtrigger.FSM(name=name, field="state", transitions=[(str(a), str(b)) for a, b in allowed])


def born_as(name: str, state: str) -> pgtrigger.Protect:
    """The trigger that refuses a row that begins anywhere else."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Insert, condition=~pgtrigger.Q(new__state=str(state)))


def tracked(**options):
    """History by trigger: each insert, update and delete, with who and where, however the row was written.

    Inserts are noted once a statement: by row, noting 50,000 costs thrice what writing them does.
    """
    insert = pghistory.InsertEvent(level=pghistory.Statement)
    return pghistory.track(insert, pghistory.UpdateEvent(), pghistory.DeleteEvent(), **options)
