"""The small server of a package is unpacked, started and asked, as whoever takes it away does."""

import io
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.export.asking import open_file
from cnnlab.export.exports import start_export
from cnnlab.export.package import write_package
from cnnlab.export.readme import USES, write_readme
from tests.runs.making import wait_for

BOUNDARY = "a-line-between-parts"


@pytest.fixture
def package(run, tmp_path) -> Path:
    """A package with a LiteRT model in it, unpacked."""
    export = start_export(run, "lite")
    wait_for(lambda: export.state != "running")
    assert export.is_offered, export.message
    write_package(run, "lite", tmp_path / "package.zip")
    with zipfile.ZipFile(tmp_path / "package.zip") as packed:
        packed.extractall(tmp_path / "package")
    return tmp_path / "package"


@pytest.fixture
def address(package) -> Iterator[str]:
    """Where its server answers."""
    said = package.parent / "said.txt"
    with said.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "server:app", "--host", "127.0.0.1", "--port", "0"],
            cwd=package,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: server.poll() is not None or "Uvicorn running" in said.read_text())
        assert server.poll() is None, said.read_text()
        yield re.search(r"http://127\.0\.0\.1:\d+", said.read_text())[0]
    finally:
        server.terminate()
        server.wait()


def ask(address: str, data: bytes, *, name: str = "picture.png") -> dict:
    """Send a file as `curl -F file=@...` does."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    request = urllib.request.Request(
        f"{address}/predict",
        data=head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def upside_down() -> bytes:
    """A picture of which half is see-through, and that EXIF turns."""
    values = np.random.default_rng(0).integers(0, 256, (40, 24, 4), dtype=np.uint8)
    image, exif, output = Image.fromarray(values, "RGBA"), Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    image.save(output, "PNG", exif=exif)
    return output.getvalue()


@pytest.mark.slow
def test_the_server_answers_as_the_model_does_here(package, address):
    data = upside_down()
    picture = fit_picture(decode_picture(data, max_pixels=10_000, max_bytes=100_000), image_size=16)
    expected = open_file("lite", package / "model.tflite")(picture[np.newaxis])[0]
    found = ask(address, data)
    answers = {each["class_name"]: each["probability"] for each in found["answers"]}
    assert answers == pytest.approx(dict(zip(("cat", "dog"), expected.tolist(), strict=True)), abs=1e-5)
    assert found["answers"][0]["probability"] >= found["answers"][1]["probability"]
    assert found["milliseconds"] > 0

    with urllib.request.urlopen(f"{address}/model") as answer:
        assert json.load(answer)["class_names"] == ["cat", "dog"]
    with urllib.request.urlopen(address) as answer:
        assert b"<!doctype html>" in answer.read()
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(address, b"no picture")
    assert refused.value.code == 415
    assert "no picture" in json.load(refused.value)["detail"]

    # What the README says works as it stands.
    readme = (package / "README.md").read_text(encoding="utf-8")
    Image.fromarray(picture).save(package / "picture.jpg")
    code = re.search(r"```python\n(.*?)```", readme, flags=re.DOTALL)[1]
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=package, capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.split()[0] in ("cat", "dog")


@pytest.mark.parametrize("format_name", USES)
def test_the_readme_of_every_format_is_python_that_can_be_read(format_name):
    readme = write_readme(format_name, image_size=224)
    code = re.search(r"```python\n(.*?)```", readme, flags=re.DOTALL)[1]
    compile(code, "README.md", "exec")
    assert "(224, 224)" in code
