"""The registry's background work: lists that are too long to wait for."""

from django.utils import timezone
from django_tasks import task

from registry import jobs
from registry.actions.exports import finish_export


@task()
def make_export(*, job: str, reference: str, key: str, query: str, form: str) -> None:
    """Write a list into a file; a worker that takes the job up again begins the file anew."""
    what = {"reference": reference, "key": key, "query": query, "form": form}
    jobs.run_whole(job, lambda progress, by: finish_export(progress, **what, by=by, at=timezone.now()))
