"""`cnnlab evaluate RUN`: how good a finished run is on a split, from the predictions that it wrote down.

This module never asks a model.
"""

import argparse
from dataclasses import asdict

from cnnlab.command.finding import find_run
from cnnlab.command.printing import print_json, print_table
from cnnlab.evaluation.judged import judge
from cnnlab.evaluation.scores import class_scores, score


def evaluate(given: argparse.Namespace) -> int:
    """Print the scores of a split, and of every class.

    Raises:
        RunError, EvaluationError: The run was not judged on this split.
    """
    judged = judge(find_run(given.run), split=given.split)
    scores = score(judged.probabilities, judged.labels, class_names=judged.class_names)
    classes = class_scores(judged.labels, judged.predicted, class_names=judged.class_names).to_dict("records")
    if given.json:
        head = {"run": judged.run.id, "name": judged.spec.name, "split": given.split}
        print_json(head | asdict(scores) | {"classes": classes})
        return 0
    print(
        f"{judged.spec.name}: {100 * scores.accuracy:.1f} % of {scores.pictures:,} {given.split} pictures are named right "
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
