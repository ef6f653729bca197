"""The atlas: every clause of the measure with what carries it out, collected from the code's own declarations."""

import inspect
import re

import pytest
from django.urls import reverse

import appointments.rules
import training.rules
from cqo_portal import atlas
from cqo_portal.atlas import Kind, cited, claims
from registry.models import Clause
from tests.cast import MEASURE

PATHS = {clause.path for clause in MEASURE.clauses}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("Art. 6(三): A or (B and C).", {"6.(3)"}),
        ("Art. 6(一)(二)(四): declared.", {"6.(1)", "6.(2)", "6.(4)"}),
        ("Art. 12(二)(3) with design 1.9.", {"12.(2).(3)"}),
        ("The letter (Art. 5, 11).", {"5", "11"}),
        ("Art. 5(一) to (五): sections.", {f"5.({n})" for n in range(1, 6)}),
        ("Entry (Art. 8 ¶2), see Art. 5(四) ¶2.", {"8.2", "5.(4).2"}),
        ("GB/T 9704 and Design 1.8.", set()),
    ],
)
def test_an_article_is_read_out_of_a_docstring(text, paths):
    assert cited(text) == paths


def test_every_clause_is_carried_out_by_something_and_nothing_names_a_clause_that_is_not_there():
    assert claims().keys() == PATHS


def test_a_clause_that_nothing_names_would_be_seen(monkeypatch):
    """The test above can fail: without the veto log's docstring its paragraph is unclaimed."""
    monkeypatch.setattr(appointments.models.Veto, "__doc__", "One use of the veto.")
    atlas.claims.cache_clear()
    try:
        assert PATHS - claims().keys() == {"5.(4).2"}
    finally:
        monkeypatch.undo()
        atlas.claims.cache_clear()


def test_every_rule_that_opens_with_an_article_stands_under_it():
    shown = {claim.symbol for made in claims().values() for claim in made if claim.kind == Kind.RULES}
    rules = {
        f"{module.__name__}.{name}"
        for module in (appointments.rules, training.rules)
        for name, rule in inspect.getmembers(module, inspect.isfunction)
        if (rule.__doc__ or "").startswith("Art.") and not name.startswith("_")
    }
    assert len(rules) > 30 and not rules - shown


def test_papers_and_pages_are_told_by_their_names():
    letter = {claim.words for claim in claims()["12.(2)"]}
    assert {"建议解除聘任函", "陈述意见通知书"} <= letter
    assert "培训证书" in {claim.words for claim in claims()["8.1"] if claim.kind == Kind.DOCUMENTS}
    assert "观察名单" in {claim.words for claim in claims()["12.(2)"] if claim.kind == Kind.PAGES}


@pytest.mark.django_db
def test_the_public_page_tells_of_each_clause_what_carries_it_out_and_what_is_open(client, measure):
    page = client.get(reverse("measure")).content.decode()
    assert page.count("由什么落实") == len(PATHS) == Clause.unscoped.filter(edition=measure).count()
    assert "<code>appointments.rules.qualified</code>" in page
    assert 'id="q-ground_two_and"' in page and 'href="#q-ground_two_and"' in page


def test_each_clause_says_the_figures_that_the_portal_reckons_with(client, measure):
    page = client.get("/measure/").content.decode()
    told = {path: re.search(rf'id="{path}">.*?</div></div></div>', page, re.S)[0] for path in ("a11", "a6-3", "a6-5")}
    assert "聘任期限：2 年" in told["a11"] and "续聘最早提前：90 天" in told["a11"]
    assert "质量工作经历：5 年以上" in told["a6-3"] and "聘任期限" not in told["a6-3"]
    assert "继续教育每年不少于：没有规定，由市局解释" in told["a6-5"]
