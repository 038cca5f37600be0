"""What may be written after `python -m cnnlab`, and which function carries it.

This module never does the work, and never prints but what went wrong.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from cnnlab.command import exporting, judging, listing, predicting, training
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.judged import JUDGED
from cnnlab.export.formats import FORMATS
from cnnlab.export.package import EVERYTHING

MISTAKEN, INTERRUPTED = 2, 130
RUN_HELP = "id of a run, or its name: then the newest of that name"


def main(arguments: Sequence[str]) -> int:
    """Carry one command; return the exit code: 0, 1 where a run failed or a picture could not be read, 2 with a sentence where it cannot be done."""
    given = build_parser().parse_args(arguments)
    try:
        return given.carry(given)
    except CnnlabError as error:
        print(f"cnnlab: {error}", file=sys.stderr)
        return MISTAKEN
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read on has enough, as `head` does. Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Every command with its arguments and what they mean."""
    parser = argparse.ArgumentParser(
        prog="cnnlab", description="Train, judge and ask convolutional networks from a terminal."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    predict = _command(
        commands, "predict", predicting.predict, "ask a finished run about pictures; CSV comes out"
    )
    predict.add_argument("run", help=RUN_HELP)
    predict.add_argument("files", nargs="+", type=Path, help="pictures, or folders with pictures")
    predict.add_argument("--top", type=int, default=3, help="how many classes are listed (3)")

    evaluate = _command(commands, "evaluate", judging.evaluate, "say how good a finished run is")
    evaluate.add_argument("run", help=RUN_HELP)
    pictures = evaluate.add_mutually_exclusive_group()
    pictures.add_argument("--split", choices=JUDGED, help=f"on which of its own pictures ({JUDGED[0]})")
    pictures.add_argument("--on", metavar="DATASET", help="on those of another dataset: its id or its name")

    export = _command(commands, "export", exporting.export, "take a finished run away")
    export.add_argument("run", help=RUN_HELP)
    export.add_argument(
        "format",
        choices=[*FORMATS, EVERYTHING],
        help=f"one of: {', '.join([*FORMATS, EVERYTHING])}",
        metavar="format",
    )
    export.add_argument(
        "out", type=Path, help="a name ending in .zip, or a folder that gets what would be in it"
    )

    train = _command(commands, "train", training.train, "put a run into the queue")
    train.add_argument("spec", type=Path, help="its settings as JSON, as the page of a run shows them")
    train.add_argument("--follow", action="store_true", help="stay until it has ended, and say how far it is")

    _command(commands, "runs", listing.runs, "list the runs, the newest first")
    _command(commands, "datasets", listing.datasets, "list the datasets")
    return parser


def _command(
    commands: argparse._SubParsersAction,
    name: str,
    carry: Callable[[argparse.Namespace], int],
    help_: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
    parser.set_defaults(carry=carry)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
