"""The HTML report is whole in itself, and a name in it is never markup."""

import re

import pytest

from cnnlab.evaluation.judged import judge
from cnnlab.ui import evaluate_report
from tests.evaluation.answering import answered_run, overconfident

HOSTILE = "</script><img src=http://host/x onerror=alert(1)>"


@pytest.fixture
def report(monkeypatch):
    monkeypatch.setattr(evaluate_report.offline, "library", lambda: "/* plotly.js */")
    names = (HOSTILE, "a & b", "c", "d")
    run = answered_run(
        {"test": overconfident(60), "validation": overconfident(60, seed=1)}, class_names=names
    )
    return evaluate_report.report_html(judge(run))


def test_a_name_is_letters_only(report):
    assert "<img src=http" not in report
    assert "&lt;img src=http://host/x onerror=alert(1)&gt;" in report
    # One for plotly.js, one for what draws, and one for each figure.
    assert report.count("</script>") == 2 + report.count('type="application/json"')


def test_nothing_is_asked_of_another_host(report):
    assert "default-src 'none'" in report
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?(http|//)", report)


@pytest.mark.parametrize(
    "said",
    [
        "named right",
        "Class by class",
        "What is taken for what",
        "How sure it is",
        "against the rest",
        "surest of",
    ],
)
def test_it_has_every_part(report, said):
    assert said in report


def test_pictures_that_are_gone_are_said_to_be(report):
    assert "dataset is no longer here" in report
