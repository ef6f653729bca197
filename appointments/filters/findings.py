"""What the lists of findings and accidents can be narrowed by, and the CQOs and enterprises they are recorded for."""

from django.db.models import Q

from appointments.states import AccidentKind, Behaviour, FindingObject, FindingState
from registry.fields import LineField, PickField, RowField
from registry.filters import ListFilter
from registry.models import County
from registry.models.search import found_by
from registry.policies import counties_of


class OfCounties(ListFilter):
    """Abstract: whoever has the whole city can narrow to one county, of the enterprise at ``enterprise_path``."""

    enterprise_path = "appointment__enterprise"

    county = RowField(label="县（市、区）", required=False, queryset=County.unscoped.none(), to_field_name="code")

    def __init__(self, data, *, user, today):
        super().__init__(data, user=user, today=today)
        self.fields["county"].queryset = counties_of(user)
        self.fields["county"].empty_label = "全市"
        if not user.is_city_wide:
            del self.fields["county"]

    def by_county(self, rows, county):
        return rows.filter(**{f"{self.enterprise_path}__county": county})


class FindingFilter(OfCounties):
    """发现情况: by words, object, behaviour, state and county."""

    field_order = ["q", "about", "behaviour", "state", "county"]

    q = LineField(label="企业、姓名或编号", required=False, max_length=60)
    about = PickField(label="对象", required=False, choices=FindingObject.choices)
    behaviour = PickField(label="行为", required=False, choices=Behaviour.choices)
    state = PickField(label="状态", required=False, choices=FindingState.choices)

    def by_q(self, rows, text):
        return found_by(rows, Q(appointment__search__holds=text), Q(reference__iexact=text))

    def by_about(self, rows, about):
        return rows.filter(about=about)

    def by_behaviour(self, rows, behaviour):
        return rows.filter(behaviour=behaviour)

    def by_state(self, rows, state):
        return rows.filter(state=state)


class AccidentFilter(OfCounties):
    """质量安全事故: by words, kind and county."""

    enterprise_path = "enterprise"
    field_order = ["q", "kind", "county"]

    q = LineField(label="企业或编号", required=False, max_length=60)
    kind = PickField(label="类别", required=False, choices=AccidentKind.choices)

    def by_q(self, rows, text):
        return found_by(rows, Q(enterprise__search__holds=text), Q(reference__iexact=text))

    def by_kind(self, rows, kind):
        return rows.filter(kind=kind)


class PickCQO(OfCounties):
    """Whom a finding is about."""

    enterprise_path = "enterprise"
    field_order = ["q", "county"]

    q = LineField(label="企业、姓名、代码或编号", required=False, max_length=60)

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)


class PickEnterprise(OfCounties):
    """Where an accident happened."""

    field_order = ["q", "county"]

    q = LineField(label="企业名称、代码或编号", required=False, max_length=60)

    def by_q(self, rows, text):
        return rows.filter(search__holds=text)

    def by_county(self, rows, county):
        return rows.filter(county=county)
