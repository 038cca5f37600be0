"""The model card: what a model is, from which pictures, how well it does and where it ends, in Markdown.

Everything in it was measured or is a setting; what is not known is said to be unknown. This module
never measures anything.
"""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from cnnlab.data.dataset import Dataset
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.evaluation.elsewhere import judged_elsewhere
from cnnlab.evaluation.judged import JudgedSplit, dataset_of, judge, judged_splits
from cnnlab.evaluation.metrics import per_class_metrics
from cnnlab.export.exports import list_exports
from cnnlab.models.backbones import BACKBONES
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.records import PHASE_LABELS, Report
from cnnlab.specs.augmentation import Augmentation
from cnnlab.specs.runs import RunSpec

FEW_OF_A_CLASS = 20
"""Of fewer test pictures of a class its figures are hardly more than chance."""
WEAK_RECALL = 0.7
MOST_CLASSES_NAMED = 20
WORDS = {None: "–", True: "yes", False: "no"}
TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+|~$&])")


def write_card(run: RunFolder) -> str:
    """Write the card of a finished run.

    Raises:
        RunError: A file of the run is damaged.
    """
    spec, report, dataset = run.spec(), run.report(), dataset_of(run)
    per_class, elsewhere = _per_class(run), judged_elsewhere(run)
    parts = (
        f"# {plain(spec.name)}\n\n{_what(spec, report)}",
        f"## From which pictures\n\n{_data(spec, dataset)}",
        f"## How it was trained\n\n{_training(spec, report)}",
        f"## How well it does\n\n{_scores(report)}{_classes(per_class)}{_elsewhere(elsewhere)}",
        *_formats(run),
        f"## Where it ends\n\n{_limits(spec, report, per_class, asked_elsewhere=bool(elsewhere))}",
        f"## Where it was made\n\n{_environment(run, report)}",
    )
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def plain(text: object) -> str:
    """Text of a user's on one line, without meaning for Markdown, and without what turns the reading direction."""
    return SPECIAL.sub(r"\\\1", " ".join(TURNING.sub("", str(text)).split()))


def _what(spec: RunSpec, report: Report | None) -> str:
    names = ", ".join(plain(name) for name in spec.class_names[:MOST_CLASSES_NAMED])
    more = len(spec.class_names) - MOST_CLASSES_NAMED
    size = spec.network.image_size
    lines = [
        f"A convolutional network that says to which of {len(spec.class_names)} classes a picture belongs: "
        f"{names}{f' and {more} more' if more > 0 else ''}.",
        f"- Network: {_network(spec)}",
        f"- Input: RGB picture of {size} × {size} pixels, 0 to 255, as it is; the scaling is inside",
        "- Output: one probability a class, in the order of `labels.txt`",
    ]
    if report is not None:
        lines.append(f"- Parameters: {report.parameters:,}")
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def _network(spec: RunSpec) -> str:
    network = spec.network
    if network.kind == "blocks":
        return f"{plain(network.name)}, {len(network.blocks)} blocks, trained from scratch"
    row = BACKBONES[network.backbone]
    family = row.family
    if network.weights == "random":
        return f"{row.label} ({family.paper}), trained from random weights"
    return f"{row.label} ({family.paper}), pretrained on ImageNet; its weights are {family.licence}"


def _data(spec: RunSpec, dataset: Dataset | None) -> str:
    reference = spec.dataset
    first = f"{plain(reference.name)}, version {reference.version} (`{reference.id}`)."
    if dataset is None:
        return f"{first} The dataset is no longer where the model was made."
    rows = [
        (plain(row.class_name), row.training, row.validation, row.test)
        for row in dataset.counts().itertuples(index=False)
    ]
    total = ("all", dataset.num_training, dataset.num_validation, dataset.num_test)
    source = f" It came from {plain(dataset.source)}." if dataset.source else ""
    return f"{first}{source}\n\n" + _table(("Class", "training", "validation", "test"), [*rows, total])


def _training(spec: RunSpec, report: Report | None) -> str:
    training = spec.training
    rows = []
    for name, field in type(training).model_fields.items():
        value = getattr(training, name)
        if field.title and name != "augmentation":
            rows.append((field.title, WORDS.get(value, value) if isinstance(value, bool | None) else value))
    rows += [("Augmentation", _augmentation(training.augmentation)), ("Seed", spec.seed)]
    text = _table(("Setting", "value"), rows)
    if report is None:
        return text
    phases = [
        (
            PHASE_LABELS[phase.phase],
            phase.epochs,
            phase.best_epoch,
            _percent(phase.val_accuracy),
            f"{phase.trainable_parameters:,}",
        )
        for phase in report.phases
    ]
    heading = ("Phase", "epochs", "best epoch", "validation accuracy", "parameters that learned")
    return f"{text}\n{_table(heading, phases)}\n{plain(report.verdict)}"


def _augmentation(chosen: Augmentation) -> str:
    """What happened to training pictures, in a few words."""
    if not chosen.active:
        return "none"
    fields = type(chosen).model_fields
    return ", ".join(
        f"{fields[name].title}{'' if value is True else f' {value:g}'}"
        for name, value in chosen
        if value and (name != "rand_magnitude" or chosen.rand_operations)
    )


def _scores(report: Report | None) -> str:
    if report is None:
        return "The run has no report.\n"
    lines = []
    if report.test_accuracy is None:
        lines.append("- Test accuracy: unknown, for there was no test split")
    else:
        lines.append(
            f"- Test accuracy: {_percent(report.test_accuracy)} ({_percent(report.test_accuracy_low)} to "
            f"{_percent(report.test_accuracy_high)} with 95 % confidence, {report.num_test_pictures:,} pictures)"
        )
    lines.append(
        f"- Validation accuracy: {_percent(report.val_accuracy)}; the best epoch was chosen by these pictures, so the "
        f"test is the fairer figure"
    )
    return "\n".join(lines) + "\n"


def _per_class(run: RunFolder) -> tuple[str, pd.DataFrame] | None:
    """Precision, recall and F1 of each class on the split that is the fairest to be had."""
    try:
        for split in judged_splits(run):
            found = judge(run, split=split)
            return split, per_class_metrics(found.labels, found.predicted, class_names=found.class_names)
    except CnnlabError:
        # A damaged table of predictions leaves this part out; the rest of the card is still true.
        return None
    return None


def _classes(per_class: tuple[str, pd.DataFrame] | None) -> str:
    if per_class is None:
        return ""
    split, table = per_class
    rows = [
        (plain(row.class_name), _percent(row.precision), _percent(row.recall), f"{row.f1:.3f}", row.support)
        for row in table.itertuples(index=False)
    ]
    return f"\nOn the {split} split:\n\n" + _table(("Class", "precision", "recall", "F1", "pictures"), rows)


def _elsewhere(found: Sequence[JudgedSplit]) -> str:
    """How well it does on the pictures of other datasets, where somebody has asked it about any."""
    rows = []
    for judged in found:
        right, total = int(judged.correct.sum()), len(judged)
        low, high = wilson_interval(right, total)
        name = f"{plain(judged.dataset.name)} (version {judged.dataset.version})"
        rows.append((name, f"{total:,}", _percent(right / total), f"{_percent(low)} to {_percent(high)}"))
    if not rows:
        return ""
    heading = ("Dataset", "pictures", "accuracy", "with 95 % confidence")
    return f"\nOn pictures of other datasets:\n\n{_table(heading, rows)}"


def _formats(run: RunFolder) -> Iterator[str]:
    rows = []
    for export in list_exports(run).values():
        found = export.result()
        if found is None or not found.passed:
            continue
        comparison = found.comparison
        rows.append(
            (
                export.format.label,
                f"{found.num_bytes / 1e6:.1f} MB",
                _percent(comparison.accuracy),
                f"{comparison.largest_difference:.2g}",
                f"{found.timing.p50_ms:.1f} ms",
            )
        )
    if rows:
        heading = ("Format", "size", "accuracy", "largest difference of a probability", "one picture")
        yield (
            "## In which formats\n\nEach was opened in its own runtime and compared with the Keras model on "
            f"{comparison.num_pictures:,} pictures.\n\n{_table(heading, rows)}"
        )


def _limits(
    spec: RunSpec,
    report: Report | None,
    per_class: tuple[str, pd.DataFrame] | None,
    *,
    asked_elsewhere: bool,
) -> str:
    how_much = (
        "the table of other datasets says how much on those"
        if asked_elsewhere
        else "nothing here says how much"
    )
    lines = [
        f"It always names one of its {len(spec.class_names)} classes, whatever is on the picture.",
        f"It was judged on pictures like those it learned from. On others (another camera, light or background) it may do "
        f"worse; {how_much}.",
        "A probability is how the network weighs its classes, not how often it is right; it was not calibrated.",
    ]
    if report is not None and report.test_accuracy is None:
        lines.append("It was never tested on pictures that took no part in training.")
    if per_class is not None:
        split, table = per_class
        few = table[table["support"] < FEW_OF_A_CLASS]["class_name"]
        weak = table[(table["support"] > 0) & (table["recall"] < WEAK_RECALL)]["class_name"]
        if len(few):
            lines.append(
                f"Fewer than {FEW_OF_A_CLASS} {split} pictures stand behind the figures of {_listed(few)}."
            )
        if len(weak):
            lines.append(f"It finds less than {100 * WEAK_RECALL:.0f} % of the pictures of {_listed(weak)}.")
    return "\n".join(f"- {line}" for line in lines)


def _environment(run: RunFolder, report: Report | None) -> str:
    lines = [f"- Run: `{run.id}`"]
    if report is not None:
        lines.append(
            f"- Machine: {plain(report.machine) or 'unknown'}; it took {report.seconds:,.0f} seconds"
        )
        lines += [f"- {plain(name)} {plain(version)}" for name, version in report.versions.items()]
    return "\n".join(lines)


def _listed(names: pd.Series) -> str:
    shown = ", ".join(plain(name) for name in names[:MOST_CLASSES_NAMED])
    more = len(names) - MOST_CLASSES_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _table(heading: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [heading, tuple(["---", *["--:"] * (len(heading) - 1)]), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.1f} %"
