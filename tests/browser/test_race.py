"""A race in a real browser: a double click starts it once, a reload finds it again, and one button ends it."""

import pytest
from playwright.sync_api import expect

from cnnlab.runs.folder import RunFolder
from cnnlab.runs.states import State
from cnnlab.settings import workspace
from tests.data.making import class_files, make_dataset
from tests.runs.making import wait_for_state

pytestmark = pytest.mark.browser

STAND_IN = {"CNNLAB_WORKER_MODULE": "tests.runs.stand_in_worker"}


def test_a_race_is_started_once_survives_a_reload_and_is_stopped(serve, open_tab, home, tmp_path):
    # The stand-in worker reads in the run's name, which ends in the dataset's, how long to go on.
    make_dataset(tmp_path, class_files({"cat": 12, "dog": 12}), name="Pets steps=100000")
    tab = open_tab(serve(home, **STAND_IN), "/backbones")
    start = tab.get_by_role("button", name="Start the race")
    start.dblclick()
    stop = tab.get_by_role("button", name="Stop the race")
    expect(stop).to_be_visible()
    (run,) = RunFolder.list_all(workspace().runs)
    wait_for_state(run, State.RUNNING)
    tab.reload()
    expect(stop).to_be_visible()
    expect(start).to_be_disabled()
    stop.click()
    expect(stop).not_to_be_visible()
    expect(start).to_be_enabled()
    wait_for_state(run, State.STOPPED)
    assert tab.asked_elsewhere == []
