"""The one way a form page of the registry works."""

from functools import wraps

from django.http import HttpResponseNotAllowed
from django.shortcuts import render

from registry.pages import carry_out


def form_page(
    request,
    form,
    act,
    *,
    to,
    title: str,
    trail,
    done: str,
    submit="保存",
    row=None,
    template="registry/form.html",
    **extra,
):
    """Show a form, or carry it out and go on.

    ``act(by=, at=)`` does it, ``to(result)`` names the next page, ``trail`` is the way here as (words, address), and
    ``row`` is what a stale form is compared with.
    """
    if request.method == "POST" and form.is_valid():
        response = carry_out(request, form, act, to, row=row, done=done)
        if response is not None:
            return response
    facts = {"form": form, "title": title, "trail": trail, "cancel_url": trail[-1][1], "submit": submit}
    return render(request, template, facts | extra)


def posted(request) -> dict:
    """What a form is bound to: the data and files of a POST, nothing of a GET."""
    if request.method != "POST":
        return {}
    return {"data": request.POST, "files": request.FILES}


def kept_nowhere(*methods: str, referrer: str = "no-referrer"):
    """Headers of every answer: kept nowhere, found by no search engine, the link told to no other page and no log.

    Other methods than these are refused here: Django's decorator would write the path into its log.
    """

    def plain(view):
        @wraps(view)
        def answer(request, *args, **kwargs):
            known = request.method in methods
            response = view(request, *args, **kwargs) if known else HttpResponseNotAllowed(methods)
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = referrer
            response["X-Robots-Tag"] = "noindex, nofollow"
            response._has_been_logged = True  # Django writes the path of every 4xx into its log
            return response

        return answer

    return plain
