"""What people fill in."""

from appointments.forms.appointments import (
    ActForm,
    CounterForm,
    DeclarationsForm,
    EndForm,
    OpinionForm,
    PersonForm,
    PostForm,
    ReturnForm,
    ScanForm,
    StepForm,
    SubmitForm,
    WithdrawForm,
)

__all__ = [
    "ActForm",
    "CounterForm",
    "DeclarationsForm",
    "EndForm",
    "OpinionForm",
    "PersonForm",
    "PostForm",
    "ReturnForm",
    "ScanForm",
    "StepForm",
    "SubmitForm",
    "WithdrawForm",
]
