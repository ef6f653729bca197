"""After an upgrade: does every judgement on file still come out as it was stored (Art. 6, 12(二))?"""

from django.core.management.base import BaseCommand, CommandError

from appointments.replay import replayed


class Command(BaseCommand):
    """Reads only; exits with 1 and names every judgement that would come out otherwise."""

    help = "Replay every stored judgement from what was stored with it; name those that differ. Changes nothing."

    def handle(self, **options):
        done, differing = 0, []
        for judgement in replayed():
            done += 1
            if not judgement.same:
                differing.append(judgement.about)
        if differing:
            raise CommandError(f"共 {done} 项判断，{len(differing)} 项与存档不一致：" + "；".join(differing))
        self.stdout.write(f"共 {done} 项判断，重算均与存档一致。")
