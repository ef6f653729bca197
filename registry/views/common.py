"""The one way a form page of the registry works."""

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
