"""``manage.py load_measure FILE [--check]``: a measure from its file, or what is wrong with the file."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry.actions.measure import load_measure
from registry.measures import MeasureFault, read
from registry.papers.printable import printing_faults
from registry.refusals import Refused


class Command(BaseCommand):
    help = "装入办法文件；--check 只检查文件，不作任何改动。"

    def add_arguments(self, parser):
        parser.add_argument("file", help="办法文件（TOML）")
        parser.add_argument("--check", action="store_true", help="只检查，不装入")

    def handle(self, *, file, check, **options):
        """Load the file, or only check it. Raises CommandError, with every fault, when it is refused."""
        try:
            measure = read(file)
            if check and (faults := printing_faults(measure)):
                raise MeasureFault(faults)
        except MeasureFault as fault:
            for where, reason in fault.faults:
                self.stderr.write(f"{where}：{reason}")
            raise CommandError(f"文件有{len(fault.faults)}处问题，未作任何改动。") from fault
        counts = len(measure.clauses), len(measure.parameters), len(measure.questions)
        contents = "条文{}条，参数{}个，待解释问题{}个".format(*counts)
        if check:
            self.stdout.write(f"《{measure.edition.title}》可以装入：{contents}。")
            return
        try:
            outcome = load_measure(measure, at=timezone.now())
        except Refused as refusal:
            raise CommandError(f"{refusal.sentence}未作任何改动。") from refusal
        self.stdout.write(f"《{measure.edition.title}》{outcome.label}：{contents}。")
