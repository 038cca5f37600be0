"""The queue on the Train and Runs pages: its order can be seen and changed, and cancelling can be undone."""

import pytest

from cnnlab.runs import queue
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import Status
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from tests.pages.making import past_run
from tests.runs.making import run_spec

PAGES = ["train", "runs"]


@pytest.fixture
def waiting(launched) -> dict[str, RunFolder]:
    """Three runs that wait; nothing starts."""
    return {name: queue.submit(run_spec(name)) for name in ("first", "second", "third")}


def keep_a_checkpoint(run: RunFolder) -> None:
    """As a worker that trained for a step and is gone."""
    (run.path / "checkpoints").mkdir()
    (run.path / "checkpoints" / "step-000000001.json").touch()


def names() -> list[str]:
    """The names of the runs that wait, in their order."""
    return [run.spec().name for run in queue.waiting()]


def said(page) -> str:
    return "\n".join(each.value for each in (*page.markdown, *page.caption))


@pytest.mark.parametrize("page", PAGES)
def test_runs_that_wait_are_shown_in_their_order_with_their_place(page, open_page, waiting):
    text = said(open_page(page))
    assert text.index("**first**") < text.index("**second**") < text.index("**third**")
    assert "starts next" in text
    assert "3 of 3" in text
    assert "1 run trains at the same time" in text
    assert "CNNLAB\\_SLOTS" in text or "CNNLAB_SLOTS" in text


def put_back_buttons(page):
    return [button for button in page.button if str(button.key).startswith("queue-put-back")]


def test_a_click_moves_a_run_and_the_ends_of_the_queue_are_ends(open_page, waiting):
    page = open_page("train")
    assert page.button(key=f"queue-earlier-{waiting['first'].id}").disabled
    assert page.button(key=f"queue-later-{waiting['third'].id}").disabled
    page.button(key=f"queue-earlier-{waiting['third'].id}").click().run()
    assert names() == ["first", "third", "second"]
    page.button(key=f"queue-later-{waiting['first'].id}").click().run()
    assert names() == ["third", "first", "second"]
    assert said(page).index("**third**") < said(page).index("**first**")


def test_cancelled_runs_can_be_put_back_in_their_places(open_page, waiting):
    page = open_page("runs")
    page.button(key=f"queue-cancel-{waiting['second'].id}").click().run()
    assert names() == ["first", "third"]
    assert waiting["second"].state() is State.STOPPED
    assert "second was taken out of the queue" in said(page)
    page.button(key=f"queue-cancel-{waiting['third'].id}").click().run()
    assert names() == ["first"]
    page.button(key=f"queue-put-back-{waiting['second'].id}").click().run()
    page.button(key=f"queue-put-back-{waiting['third'].id}").click().run()
    assert names() == ["first", "second", "third"]
    assert not put_back_buttons(page)


def test_a_cancelled_run_that_was_deleted_meanwhile_is_not_offered(open_page, waiting):
    page = open_page("train")
    page.button(key=f"queue-cancel-{waiting['second'].id}").click().run()
    queue.delete(waiting["second"])
    page.run()
    assert not page.exception
    assert not put_back_buttons(page)


def test_a_click_on_a_run_that_started_meanwhile_is_answered_with_a_sentence(open_page, waiting):
    page = open_page("train")
    waiting["second"].write_status(Status(state=State.FINISHED))
    page.button(key=f"queue-earlier-{waiting['second'].id}").click().run()
    assert not page.exception
    assert "does not wait any more" in page.toast[0].value


def test_a_run_that_started_while_one_clicked_cancel_goes_on(open_page, waiting):
    page = open_page("train")
    with waiting["first"].lock():
        waiting["first"].write_status(Status(state=State.RUNNING))
        page.button(key=f"queue-cancel-{waiting['first'].id}").click().run()
        assert "it is running. Open it to stop it" in page.toast[0].value
        assert waiting["first"].state() is State.RUNNING


def test_a_run_that_has_trained_and_waits_again_cannot_be_ended_for_good_by_cancel(open_page, waiting):
    keep_a_checkpoint(waiting["second"])
    keys = [button.key for button in open_page("train").button]
    assert f"queue-later-{waiting['second'].id}" in keys
    assert f"queue-cancel-{waiting['second'].id}" not in keys


def test_nothing_can_be_moved_before_a_run_that_waits_to_be_scored(open_page, waiting):
    keep_a_checkpoint(waiting["second"])
    queue.stop(waiting["second"])
    page = open_page("train")
    text = said(page)
    assert text.index("**second**") < text.index("its best model is scored next") < text.index("**first**")
    assert page.button(key=f"queue-earlier-{waiting['first'].id}").disabled
    assert not page.button(key=f"queue-earlier-{waiting['third'].id}").disabled
    assert f"queue-earlier-{waiting['second'].id}" not in [button.key for button in page.button]


def test_a_lone_run_that_waits_has_nothing_to_be_moved_past(open_page, launched):
    run = queue.submit(run_spec("alone"))
    keys = [button.key for button in open_page("train").button]
    assert f"queue-cancel-{run.id}" in keys
    assert f"queue-earlier-{run.id}" not in keys


def test_where_nothing_waits_nothing_is_said(open_page, dataset):
    past_run()
    page = open_page("train")
    assert "wait in this order" not in said(page)
    assert len(list(RunFolder.list_all(workspace().runs))) == 1


def test_a_hostile_name_is_only_text(open_page, launched):
    for name in ("![x](http://host/y)", "<b>b</b>"):
        queue.submit(run_spec(name))
    assert "![x]" not in said(open_page("train"))
