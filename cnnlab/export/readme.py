"""The README of each package: how to open its file, in a few lines of Python that a test runs.

This module never makes a file.
"""

from types import MappingProxyType

from cnnlab.export.formats import find_format

READING = """import numpy as np
from PIL import Image

image = Image.open("picture.jpg").convert("RGB").resize(({size}, {size}), Image.Resampling.BICUBIC)
picture = np.asarray(image)[np.newaxis]  # uint8, 0 to 255: no scaling, the network does it
labels = open("labels.txt", encoding="utf-8").read().splitlines()
"""
ANSWERING = "print(labels[probabilities.argmax()], probabilities.max())\n"

LITE = """from ai_edge_litert.interpreter import Interpreter

model = Interpreter("{file}")
model.allocate_tensors()
entry, answer = model.get_input_details()[0], model.get_output_details()[0]
model.set_tensor(entry["index"], picture.astype(entry["dtype"]))
model.invoke()
probabilities = model.get_tensor(answer["index"])[0]
"""
USES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "keras": (
            "tensorflow keras pillow",
            'import keras\n\nmodel = keras.saving.load_model("{file}", compile=False)\n'
            'probabilities = model.predict(picture.astype("float32"))[0]\n',
        ),
        "saved_model": (
            "tensorflow pillow",
            'import tensorflow as tf\n\n# Unpack {file} first.\nmodel = tf.saved_model.load("model")\n'
            'probabilities = model.serve(picture.astype("float32")).numpy()[0]\n',
        ),
        "lite": ("ai-edge-litert pillow", LITE),
        "lite_dynamic": ("ai-edge-litert pillow", LITE),
        "lite_int8": ("ai-edge-litert pillow", LITE),
        "onnx": (
            "onnxruntime pillow",
            'import onnxruntime\n\nmodel = onnxruntime.InferenceSession("{file}")\n'
            'probabilities = model.run(None, {{"picture": picture.astype("float32")}})[0][0]\n',
        ),
        "code": (
            "tensorflow keras pillow",
            "from network import build_model\n\n# Unpack {file} first.\nmodel = build_model(len(labels))\n"
            'model.load_weights("model.weights.h5")\nprobabilities = model.predict(picture.astype("float32"))[0]\n',
        ),
        "openvino": (
            "openvino pillow",
            "import openvino\n\n# Unpack {file} first. By itself it may count in bfloat16, and answer differently.\n"
            'exactly = {{"INFERENCE_PRECISION_HINT": "f32"}}\n'
            'model = openvino.Core().compile_model("model.xml", "CPU", exactly)\n'
            'probabilities = next(iter(model(picture.astype("float32")).values()))[0]\n',
        ),
    }
)
"""What has to be installed, and how the file is asked."""

SERVER = """
## As a server

    pip install -r requirements.txt
    uvicorn server:app --port 8000

or, with Docker:

    docker build -t model . && docker run --rm -p 8000:8000 model

Then ask it, or open http://localhost:8000 and drop a picture there:

    curl -F "file=@picture.jpg" http://localhost:8000/predict

    {"answers": [{"class_name": "...", "probability": 0.93}, ...], "milliseconds": 2.9}
"""


def write_readme(format_name: str, *, image_size: int) -> str:
    """Say what lies in the package of a format and how it is used, as Markdown."""
    row = find_format(format_name)
    packages, _ = USES[format_name]
    parts = [
        f"# {row.label}: `{row.file}`\n\n{row.sentence} Good for {row.good_for}.\n",
        f"It takes RGB pictures of {image_size} × {image_size} pixels, 0 to 255, as they are; the classes are in "
        f"`labels.txt`, in the order of the probabilities, and what the model can and cannot do in `model_card.md`.\n",
        f"    pip install {packages}\n",
        f"```python\n{write_use(format_name, image_size=image_size)}```\n",
    ]
    return "\n".join(parts) + (SERVER if row.served else "")


def write_use(format_name: str, *, image_size: int) -> str:
    """Python that asks the file about `picture.jpg`."""
    _, use = USES[format_name]
    use = use.format(file=find_format(format_name).file)
    return "\n".join((READING.format(size=image_size), use, ANSWERING))
