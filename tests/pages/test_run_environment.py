"""Where a run was carried out is on its page: in short, every package, as JSON; and that it came in a bundle."""

import pytest

from cnnlab.files import write_text
from cnnlab.runs.environment import DatasetSeen, Environment, add_environment
from cnnlab.runs.origin import FILE, PICTURES, Origin
from cnnlab.runs.states import State
from tests.pages.making import past_run

HERE = Environment(
    attempt=1,
    at=1.8e9,
    python="3.11.7",
    packages={"keras": "3.15.1", "zipp": "1.0"},
    machine="Linux x86_64, 2 cores",
    cores=2,
    variables={"OMP_NUM_THREADS": "2"},
    dataset=DatasetSeen(id="digits", version=1, num_pictures=1797, content="c" * 64, division="d" * 64),
)
HOSTILE = "![x](http://host/x)"


@pytest.fixture
def opened(open_page):
    """A function that opens the page of a run with the expander open."""

    def opened_(run):
        page = open_page("train", run=run.id)
        page.session_state["run-environment"] = True
        page = page.run()
        assert not page.exception
        return page

    return opened_


def said(page) -> str:
    return "\n".join(element.value for element in [*page.markdown, *page.code, *page.caption, *page.warning])


def test_the_environment_is_read_only_once_somebody_wants_it(open_page):
    run = past_run()
    add_environment(run.path, HERE)
    assert "OMP" not in said(open_page("train", run=run.id))


def test_versions_machine_and_pictures_are_in_the_table_and_every_package_in_lines(opened):
    run = past_run()
    add_environment(run.path, HERE.model_copy(update={"machine": HOSTILE}))
    found = said(opened(run))
    for expected in ("3.15.1", "1,797", "c" * 12, "keras==3.15.1\nzipp==1.0", '"OMP_NUM_THREADS": "2"'):
        assert expected in found
    assert HOSTILE not in "\n".join(element.value for element in opened(run).markdown)


def test_of_several_attempts_the_last_is_shown_with_what_changed(opened):
    run = past_run(state=State.FAILED)
    add_environment(run.path, HERE)
    add_environment(run.path, HERE.model_copy(update={"attempt": 2, "cores": 8}))
    page = opened(run)
    assert "Not as in the attempt before: cores 2, now 8" in said(page).replace("\\", "")
    assert page.selectbox(key="run-environment-attempt").value == 1


def test_a_run_of_before_shows_what_its_report_has(opened):
    run = past_run()
    report = run.report().model_copy(update={"versions": {"python": "3.10.1", "keras": "3.9.0"}})
    write_text(run.path / "report.json", report.model_dump_json())
    found = said(opened(run))
    assert "from before environments were written down" in found
    assert "keras==3.9.0" in found


def test_a_run_that_has_not_begun_says_so(opened):
    assert "Nothing is written down yet" in said(opened(past_run(state=State.PAUSED, epochs=0)))


def test_a_run_from_a_bundle_says_so_and_what_is_not_here(open_page):
    run = past_run()
    assert "Trained elsewhere" not in said(open_page("train", run=run.id))
    origin = Origin(content="c" * 64, run=run.id, cnnlab=HOSTILE)
    write_text(run.path / FILE, origin.model_dump_json())
    (run.path / PICTURES).touch()
    found = said(open_page("train", run=run.id))
    assert "Trained elsewhere" in found
    assert "Its pictures are not in this workspace" in found
    assert HOSTILE not in found
