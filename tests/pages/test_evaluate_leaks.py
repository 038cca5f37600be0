"""The overview of a run says what test pictures are worth that have a twin in training."""

from tests.evaluation.test_leaks import leaky_dataset, places
from tests.pages.judged import judged_run


def test_the_price_of_twins_is_said_beside_the_accuracy(open_page, tmp_path):
    dataset = leaky_dataset(tmp_path)
    run = judged_run(1, dataset, wrong=places(dataset, "test/cat/0.png"))
    page = open_page("evaluate", run=run.id)
    assert not page.exception
    words = " ".join(element.value for element in (*page.warning, *page.markdown)).replace("\\:", ":")
    assert "1 test picture has a twin in training: accuracy with them 87.5 %, without 85.7 %" in words
