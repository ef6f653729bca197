"""The registry's forms: what is asked, in which words, and the facts an action is given."""

from datetime import timedelta

from django import forms
from django.contrib.auth.password_validation import validate_password

from registry.citing import cited_late
from registry.cleaning import EMAIL_FORMAT
from registry.fields import (
    CodeField,
    CreditCodeField,
    DayField,
    LineField,
    PersonNameField,
    PhoneField,
    PickField,
    RowField,
    TextField,
    UploadField,
)
from registry.models import (
    County,
    Education,
    Enterprise,
    PersonFact,
    ProfessionalQualification,
    QualityExperience,
    User,
)
from registry.pages import PortalForm
from registry.policies import counties_of
from registry.rules import day_words
from registry.states import PRIVACY_NOTICE, Designation, EducationLevel, IdPaper, Industry, QualificationLevel, SizeBand

MOBILE_HELP = "11 位手机号码。"
EMAIL_FAULT = {"invalid": EMAIL_FORMAT}
PAST_HELP = "例如 2021 年 9 月 1 日。"


class GroupedForm(PortalForm):
    """Abstract: a form whose fields stand under questions."""

    groups: tuple[tuple[str, str, tuple[str, ...]], ...]  # question, a sentence of help, fields

    def sections(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """The questions with the fields that are asked here; those without any are left out."""
        sections = [
            (legend, lead, [self[name] for name in names if name in self.fields]) for legend, lead, names in self.groups
        ]
        return [section for section in sections if section[2]]


class EnterpriseFacts(GroupedForm):
    """What may change of an enterprise."""

    name = LineField(label="企业名称", max_length=80, help_text="与营业执照一致。")
    address = LineField(label="住所", max_length=120, required=False)
    industry = PickField(label="行业门类", choices=Industry.choices, help_text="国民经济行业分类（GB/T 4754）的门类。")
    size = PickField(label="企业规模", choices=SizeBand.choices, radios=True)
    legal_representative = PersonNameField(label="法定代表人", max_length=40)
    principal = PersonNameField(
        label="主要负责人",
        max_length=40,
        help_text=cited_late("与法定代表人为同一人的，填同一姓名。首席质量官由二者之一任命{}。", "11"),
    )
    contact_name = PersonNameField(label="联系人", max_length=40)
    contact_phone = PhoneField(label="联系手机", max_length=20, help_text=MOBILE_HELP)
    contact_email = forms.EmailField(
        label="电子邮箱",
        required=False,
        max_length=100,
        error_messages=EMAIL_FAULT,
    )

    groups = (
        ("是哪家企业？", "", ("name", "address")),
        ("做什么，规模多大？", "", ("industry", "size")),
        (
            "由谁负责，找谁联系？",
            "",
            ("legal_representative", "principal", "contact_name", "contact_phone", "contact_email"),
        ),
    )


class EnterpriseForm(EnterpriseFacts):
    """A new enterprise on the register."""

    credit_code = CreditCodeField(
        label="统一社会信用代码", max_length=40, help_text="营业执照上的 18 位代码。空格、连字符和全角字符会自动整理。"
    )
    county = RowField(label="县（市、区）", queryset=County.unscoped.none(), to_field_name="code")
    since = DayField(label="自何日起属于该县（市、区）", past=True, required=False, help_text="不填则自今天起。")

    groups = (
        ("是哪家企业？", "", ("name", "credit_code", "address")),
        ("属于哪个县（市、区）？", "按企业住所确定，与代码中的登记机关无关。", ("county", "since")),
        *EnterpriseFacts.groups[1:],
    )

    def __init__(self, *args, user, **options):
        super().__init__(*args, **options)
        self.fields["county"].queryset = counties_of(user)
        if user.county_id:
            self.fields["county"].initial = user.county.code


class RegistrationForm(EnterpriseFacts):
    """An enterprise registers itself, with what shows that its clerk may act for it."""

    credit_code = CreditCodeField(
        label="统一社会信用代码", max_length=40, help_text="营业执照上的 18 位代码。空格、连字符和全角字符会自动整理。"
    )
    county = RowField(label="县（市、区）", queryset=County.unscoped.none(), to_field_name="code")
    licence = UploadField(label="营业执照")
    authority = UploadField(label="办理授权书")

    groups = (
        ("是哪家企业？", "与营业执照一致。", ("name", "credit_code", "address")),
        ("属于哪个县（市、区）？", "按企业住所确定。注册由该县（市、区）局核对。", ("county",)),
        *EnterpriseFacts.groups[1:],
        (
            "怎样证明？",
            "授权书写明授权您（注册人）在本平台办理首席质量官事项，由法定代表人签字并加盖公章，拍照或者扫描。",
            ("licence", "authority"),
        ),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["county"].queryset = County.unscoped.all()
        self.fields["address"].required = True


class ReasonForm(GroupedForm):
    """Why a registration is not accepted."""

    reason = TextField(
        label="理由", max_length=500, help_text="注册人会看到。写明哪一处不符、可以怎样补正，例如“授权书没有盖章”。"
    )

    groups = (("为什么不接收？", "", ("reason",)),)


class InviteForm(GroupedForm):
    """Whom the owner asks to act for the enterprise too."""

    name = PersonNameField(label="姓名", max_length=40)
    email = forms.EmailField(label="电子邮箱", required=False, max_length=100, error_messages=EMAIL_FAULT)
    phone = PhoneField(label="手机号码", max_length=20, required=False, help_text=MOBILE_HELP)

    groups = (
        ("邀请谁？", "", ("name",)),
        ("邀请链接发到哪里？", "填写一项。收到链接的人可以设置自己的密码，链接 7 天内有效。", ("email", "phone")),
    )

    def clean(self):
        cleaned = super().clean()
        if not self.errors and bool(cleaned.get("email")) == bool(cleaned.get("phone")):
            self.add_error("email", "请填写电子邮箱或者手机号码，只填一项。")
        return cleaned


class InvitedForm(GroupedForm):
    """Who was invited and has no account yet."""

    display_name = PersonNameField(label="姓名", max_length=40, help_text="办理记录上以这个姓名出现。")
    password = forms.CharField(
        label="密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少 12 个字符，不能是常见密码，也不能与姓名、邮箱相近。",
        error_messages={"required": "请设置密码。"},
    )

    groups = (("设置您的账号", "", ("display_name", "password")),)

    def __init__(self, *args, email: str, **options):
        super().__init__(*args, **options)
        self.email = email

    def clean(self):
        cleaned = super().clean()
        if password := cleaned.get("password"):
            person = User(display_name=cleaned.get("display_name", ""), email=self.email)
            try:
                validate_password(password, person)
            except forms.ValidationError as fault:
                self.add_error("password", fault)
        return cleaned


class DesignationForm(GroupedForm):
    """规模以上 or 试点, from a day on."""

    kind = PickField(label="类别", choices=Designation.choices, radios=True)
    since = DayField(label="首日", past=True, help_text="自这一天起属于该类别。")
    last_day = DayField(label="末日", required=False, help_text="仍属于该类别的，不填。")

    groups = (
        (
            "属于哪一类，从何时到何时？",
            cited_late("规模以上只作统计的分母{}，不是设立首席质量官的条件。", "4"),
            ("kind", "since", "last_day"),
        ),
    )

    def clean(self):
        cleaned = super().clean()
        since, last_day = cleaned.get("since"), cleaned.get("last_day")
        if since and last_day and last_day < since:
            self.add_error("last_day", "末日不能早于首日。")
        return cleaned

    def period(self) -> dict:
        """Keywords of ``designate``; its end is the day after the last."""
        last_day = self.cleaned_data["last_day"]
        return {"since": self.cleaned_data["since"], "until": last_day and last_day + timedelta(days=1)}


class LastDayForm(GroupedForm):
    """The last day on which something was so."""

    last_day = DayField(label="末日", help_text="这一天仍计算在内。")

    groups = (("到哪一天为止？", "", ("last_day",)),)


class EmployerField(RowField):
    """One of the enterprises within this person's scope."""

    def __init__(self):
        super().__init__(label="企业", queryset=Enterprise.unscoped.none())


class OfAnEnterprise(GroupedForm):
    """Abstract: a form filled for an enterprise; the question is asked only where there is a choice."""

    enterprise = EmployerField()

    def __init__(self, *args, enterprises, **options):
        super().__init__(*args, **options)
        some = list(enterprises[:2])
        self.only = some[0] if len(some) == 1 else None
        if self.only:
            del self.fields["enterprise"]
        else:
            self.fields["enterprise"].queryset = enterprises

    def employer(self) -> Enterprise:
        """The enterprise the form was filled for."""
        return self.only or self.cleaned_data["enterprise"]


class ToldField(forms.BooleanField):
    """That the person was told, and agreed apart to the ID number (个人信息保护法 17, 29); gives the edition."""

    def __init__(self):
        super().__init__(
            label=f"已将《个人信息处理告知》（{PRIVACY_NOTICE}）告知本人，本人单独同意登记证件号码",
            help_text="告知见本页页脚的链接。没有告知本人或者本人没有同意的，不得登记。",
            error_messages={"required": "请先告知本人并取得本人对登记证件号码的单独同意。"},
        )

    def clean(self, value):
        return PRIVACY_NOTICE if super().clean(value) else ""


class PersonForm(OfAnEnterprise):
    """A person of an enterprise, put on file."""

    name = PersonNameField(label="姓名", max_length=40, help_text="与身份证件一致。")
    id_type = PickField(label="证件类型", choices=IdPaper.choices, radios=True, initial=IdPaper.RESIDENT)
    id_number = CodeField(label="证件号码", max_length=30, help_text="只用来区分同名的人：加密保存，各处遮盖显示。")
    birth_date = DayField(
        label="出生日期", past=True, required=False, help_text="居民身份证不必填写，由号码读出；其他证件请填写。"
    )
    phone = PhoneField(label="手机号码", max_length=20, required=False, help_text=MOBILE_HELP)
    position = LineField(label="在本企业的职务", max_length=60)
    since = DayField(label="入职日期", past=True, help_text=PAST_HELP)
    told = ToldField()

    groups = (
        ("这是谁？", "", ("name", "id_type", "id_number", "birth_date", "phone")),
        ("在哪里任职？", "", ("enterprise", "position", "since")),
        ("本人是否知情？", "证件号码只用来区分同名的人，没有它就不能确认是同一人。", ("told",)),
    )

    def facts(self) -> dict:
        """Keywords of ``record_person``."""
        return {name: value for name, value in self.values().items() if name != "enterprise"}


class PersonEditForm(GroupedForm):
    """What may change of a person: the phone, and the position at one enterprise."""

    phone = PhoneField(label="手机号码", max_length=20, required=False, help_text=MOBILE_HELP)
    position = LineField(label="在本企业的职务", max_length=60)

    groups = (("现在的职务和联系方式", "", ("phone", "position")),)


class FactForm(OfAnEnterprise):
    """Abstract: a fact about a person, with its evidence. Field names are the model's."""

    model: type[PersonFact]
    slug: str
    legend: str
    lead = ""
    asked: tuple[str, ...]

    evidence = UploadField(label="证明材料", required=False)

    @property
    def groups(self):
        return ((self.legend, self.lead, self.asked), ("由哪家企业提供，有何证明？", "", ("enterprise", "evidence")))

    def facts(self) -> dict:
        """The model's own fields."""
        return self.as_facts({name: value for name, value in self.values().items() if name in self.asked})

    @staticmethod
    def as_facts(told: dict) -> dict:
        """What was told, as the model's own fields."""
        return told

    @staticmethod
    def described(fact) -> tuple[str, str]:
        """What a fact of this kind says: the chief thing, and the rest."""
        raise NotImplementedError


class QualificationForm(FactForm):
    """职业资格 (Art. 6(三))."""

    model, slug, legend = ProfessionalQualification, "qualification", "持有什么职业资格？"
    lead = cited_late("质量专业技术人员职业资格，中级以上的符合条件{}。", "6.(3)")
    asked = ("level", "name", "number", "issued_on")

    level = PickField(label="级别", choices=QualificationLevel.choices, radios=True)
    name = LineField(label="资格名称", max_length=60, help_text="例如 质量工程师。")
    number = LineField(label="证书编号", max_length=60)
    issued_on = DayField(label="取得日期", past=True, help_text="证书上载明的日期。")

    @staticmethod
    def described(fact):
        return f"{fact.get_level_display()}，{fact.name}", f"{day_words(fact.issued_on)}取得，证书编号 {fact.number}"


class EducationForm(FactForm):
    """学历 (Art. 6(三))."""

    model, slug, legend = Education, "education", "取得什么学历？"
    lead = cited_late("填学历，不是学位。本科以上学历，并有五年以上质量工作经历的，符合条件{}。", "6.(3)")
    asked = ("level", "school", "major", "graduated_on")

    level = PickField(label="学历", choices=EducationLevel.choices, radios=True)
    school = LineField(label="毕业院校", max_length=60)
    major = LineField(label="专业", max_length=60, required=False)
    graduated_on = DayField(label="毕业日期", past=True)

    @staticmethod
    def described(fact):
        where = "，".join(filter(None, (fact.school, fact.major)))
        return fact.get_level_display(), f"{where}，{day_words(fact.graduated_on)}毕业"


class ExperienceForm(FactForm):
    """质量工作经历 (Art. 6(三))."""

    model, slug, legend = QualityExperience, "experience", "在哪里做过质量工作？"
    lead = "每段经历填写一次；重叠的期间只计一次，间断的期间不计。"
    asked = ("employer", "work", "first_day", "last_day")

    employer = LineField(label="工作单位", max_length=80)
    work = LineField(label="从事的质量工作", max_length=60, help_text="例如 质量检验、质量体系管理。")
    first_day = DayField(label="开始日期", past=True)
    last_day = DayField(label="结束日期", past=True, required=False, help_text="这一天仍计算在内；至今仍在做的，不填。")

    @staticmethod
    def as_facts(told):
        """With the two days as the model's period, whose end is the day after the last."""
        first_day, last_day = told["first_day"], told["last_day"]
        period = (first_day, last_day and last_day + timedelta(days=1))
        return {"employer": told["employer"], "work": told["work"], "period": period}

    @staticmethod
    def described(fact):
        first_day, end = fact.period.lower, fact.period.upper
        until = day_words(end - timedelta(days=1)) if end else "今"
        return fact.employer, f"{day_words(first_day)}至{until}，{fact.work}"


FACT_FORMS: dict[str, type[FactForm]] = {form.slug: form for form in (QualificationForm, EducationForm, ExperienceForm)}
