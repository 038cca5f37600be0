"""Cross-validation on the Split view: the folds of a run, their mean, and those that are missing."""

from cnnlab.data.library import change_split, freeze
from cnnlab.data.splits import SplitSpec
from cnnlab.ui import datasets_folds
from tests.data.making import class_files, make_dataset
from tests.pages.making import past_run
from tests.runs.making import run_spec


def words(page):
    return "\n".join(each.value for kind in (page.markdown, page.caption, page.success) for each in kind)


def of_folds(tmp_path, **split):
    made = make_dataset(tmp_path, class_files({"cat": 12, "dog": 12}), name="Pets")
    return freeze(change_split(made, spec=SplitSpec(use_given=False, **split)))


def test_a_split_without_folds_says_nothing_of_them(open_page, tmp_path):
    page = open_page("datasets", dataset=of_folds(tmp_path).id, view="split")
    assert not page.exception
    assert "Cross-validation" not in " ".join(each.value for each in page.subheader)


def test_before_the_first_run_it_says_what_to_do(open_page, tmp_path):
    page = open_page("datasets", dataset=of_folds(tmp_path, folds=3).id, view="split")
    assert "Train on this split once" in words(page)


def test_the_folds_that_are_missing_are_queued(open_page, tmp_path, monkeypatch):
    dataset = of_folds(tmp_path, folds=3)
    spec = run_spec("<b>Tiny</b>", dataset=dataset.reference(), class_names=dataset.class_names)
    past_run(1, spec=spec, accuracy=0.9)
    asked = []
    monkeypatch.setattr(datasets_folds, "queue_folds", lambda *given, **named: asked.append(named) or [1, 2])
    page = open_page("datasets", dataset=dataset.id, view="split")
    assert not page.exception
    assert "over 1 of 3 folds" in words(page)
    assert "<b>" not in words(page)
    page.button(key="folds-0-queue").click().run()
    assert not page.exception
    assert list(asked[0]["done"]) == [1]
    assert "Queued 2 runs" in words(page)
