"""Every preset of the Build page, trained for eight epochs from random weights at 32 x 32 pixels: does it learn, and how quickly?

1,600 drawn shapes of eight kinds, anywhere in the picture, and 1,797 handwritten digits; batches of 32, otherwise the usual
settings, one seed, no augmentation. Accuracy is that of the test split, with its 95 % interval: how each begins, not how far it
gets.
"""

import pandas as pd

from benchmarks.workspaces import carry, empty_workspace, import_and_wait
from cnnlab.data.dataset import Dataset
from cnnlab.data.import_records import SourceImport
from cnnlab.models.anatomy import describe_network
from cnnlab.models.presets import PRESETS
from cnnlab.specs.networks import BlockNetwork
from cnnlab.specs.runs import RunSpec
from cnnlab.specs.training import ScratchTraining

EPOCHS, BATCH_SIZE, IMAGE_SIZE = 8, 32, 32
SHAPES = {"num_pictures": 1600}


def run() -> pd.DataFrame:
    """Train the presets one after the other, on both datasets."""
    with empty_workspace():
        datasets = (
            import_and_wait(SourceImport(name="shapes", source="shapes", settings=SHAPES)),
            import_and_wait(SourceImport(name="digits", source="digits")),
        )
        return pd.DataFrame([_row(name, datasets) for name in PRESETS])


def _row(name: str, datasets: tuple[Dataset, ...]) -> dict[str, object]:
    network = PRESETS[name].network.with_changes(image_size=IMAGE_SIZE)
    anatomy = describe_network(network, num_classes=10)
    return {
        "preset": PRESETS[name].label,
        "parameters": f"{anatomy.parameters:,}",
        "multiply-adds": f"{anatomy.multiply_adds / 1e6:.1f} M",
        **{dataset.name: _accuracy(network, dataset) for dataset in datasets},
    }


def _accuracy(network: BlockNetwork, dataset: Dataset) -> str:
    spec = RunSpec(
        name=f"{network.name} on {dataset.name}",
        dataset=dataset.reference(),
        class_names=dataset.class_names,
        network=network,
        training=ScratchTraining(epochs=EPOCHS, batch_size=BATCH_SIZE, early_stopping_patience=0),
    )
    report = carry(spec).report()
    return f"{report.test_accuracy:.1%} ({report.test_accuracy_low:.1%} to {report.test_accuracy_high:.1%})"
