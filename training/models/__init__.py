"""Training's rows, by question: who trains, which session, which certificate, which project, what elsewhere."""

from training.models.bodies import Recognition, TrainerMembership, TrainingBody
from training.models.certificates import Certificate, Revocation
from training.models.projects import ImprovementProject, PoolConsent, PoolEntry, ProjectAct
from training.models.records import CourseRecognition, TrainingRecord
from training.models.sessions import Assessment, Attendance, Course, Enrolment, Session, SessionDay

__all__ = [
    "Assessment",
    "Attendance",
    "Certificate",
    "Course",
    "CourseRecognition",
    "Enrolment",
    "ImprovementProject",
    "PoolConsent",
    "PoolEntry",
    "ProjectAct",
    "Recognition",
    "Revocation",
    "Session",
    "SessionDay",
    "TrainerMembership",
    "TrainingBody",
    "TrainingRecord",
]
