"""`cnnlab evaluate RUN`: how good a finished run is, on a split of its own or on the pictures of another dataset.

What it said of its own is written down; about others a process of its own asks it. This module never asks a model.
"""

import argparse
from dataclasses import asdict

from cnnlab.command.finding import find_dataset, find_run
from cnnlab.command.printing import print_json, print_table
from cnnlab.command.waiting import wait_for
from cnnlab.data.splits import TEST
from cnnlab.errors import EvaluationError
from cnnlab.evaluation.elsewhere import find_asking, judge_elsewhere, result_of, start_asking
from cnnlab.evaluation.judged import JudgedSplit, judge
from cnnlab.evaluation.scores import class_scores, score
from cnnlab.runs.folder import RunFolder


def evaluate(given: argparse.Namespace) -> int:
    """Print the scores of a split or of another dataset, and of every class.

    Raises:
        RunError, EvaluationError: The run was not judged on this split, or cannot be asked.
        DatasetError: There is no such dataset.
    """
    run = find_run(given.run)
    judged = _elsewhere(run, given.on) if given.on else judge(run, split=given.split or TEST)
    where = f"pictures of {judged.dataset.name!r}" if judged.is_elsewhere else f"{judged.split} pictures"
    scores = score(judged.probabilities, judged.labels, class_names=judged.class_names)
    classes = class_scores(judged.labels, judged.predicted, class_names=judged.class_names).to_dict("records")
    if given.json:
        head = {"run": judged.run.id, "name": judged.spec.name, "split": judged.split}
        head["judged_on"] = judged.dataset.model_dump()
        print_json(head | asdict(scores) | {"classes": classes})
        return 0
    print(
        f"{judged.spec.name}: {100 * scores.accuracy:.1f} % of {scores.pictures:,} {where} are named right "
        f"({100 * scores.accuracy_low:.1f} to {100 * scores.accuracy_high:.1f} % with 95 % confidence); always saying "
        f"{scores.majority_class!r} would reach {100 * scores.majority_share:.1f} %."
    )
    print_table(
        [
            {"average": name, **asdict(averages)}
            for name, averages in (("macro", scores.macro), ("weighted", scores.weighted))
        ]
    )
    print()
    print_table(classes)
    return 0


def _elsewhere(run: RunFolder, name: str) -> JudgedSplit:
    """What a run says about another dataset; it is asked where it was not yet."""
    dataset = find_dataset(name)
    if dataset.id == run.spec().dataset.id:
        raise EvaluationError(
            f"{dataset.name!r} is what this run has learned from. Name a split of it with --split, or another dataset."
        )
    reference, job = dataset.reference(), find_asking(run, dataset.reference())
    if result_of(job) is None:
        job = start_asking(run, reference)
        wait_for(job, label=dataset.name)
    if result_of(job) is None:
        raise EvaluationError(job.message or "The asking was cancelled. Start it again.")
    return judge_elsewhere(run, reference)
