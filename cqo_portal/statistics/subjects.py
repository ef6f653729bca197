"""The subjects of the statistics, in the order of the measure's duties; each is a page, a sheet and a chapter."""

from cqo_portal.statistics import coverage, education, filing, outcomes, pilots, reports, terms, training
from cqo_portal.statistics.declared import Subject

SUBJECTS: dict[str, Subject] = {
    module.SUBJECT.key: module.SUBJECT
    for module in (coverage, filing, terms, training, education, reports, outcomes, pilots)
}
