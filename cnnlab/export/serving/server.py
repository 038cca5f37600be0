"""Answers about pictures over HTTP, with the model beside this file; written by cnnlab.

    pip install -r requirements.txt
    uvicorn server:app --port 8000
    curl -F "file=@picture.jpg" http://localhost:8000/predict

It needs no TensorFlow. Pictures are read as they were in training: `pictures.py` is that very code.
Whoever can reach the port may ask; put a proxy with a password before it where that is too many.
"""

import json
import threading
import time
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import FastAPI, File, HTTPException, UploadFile
from fastapi.responses import FileResponse
from pictures import PictureError, decode_picture, fit_picture

FOLDER = Path(__file__).resolve().parent
MOST_BYTES, MOST_PIXELS = 20_000_000, 50_000_000
THREADS = 2


class Model:
    """The LiteRT model, asked by one request at a time."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self._lock = threading.Lock()
        self._interpreter = Interpreter(model_path=str(folder / self.record["file"]), num_threads=THREADS)
        self._interpreter.allocate_tensors()
        self._entry = self._interpreter.get_input_details()[0]
        self._exit = self._interpreter.get_output_details()[0]

    def ask(self, picture: np.ndarray) -> np.ndarray:
        """Probabilities of one picture, RGB, 0..255, shape (image_size, image_size, 3)."""
        with self._lock:
            self._interpreter.set_tensor(
                self._entry["index"], picture[np.newaxis].astype(self._entry["dtype"])
            )
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._exit["index"])[0].copy()


model = Model(FOLDER)
app = FastAPI(
    title=model.record["name"], description="A network trained with cnnlab: pictures in, classes out."
)


@app.get("/", include_in_schema=False)
def page() -> FileResponse:
    """Show a page to try it out."""
    return FileResponse(FOLDER / "index.html")


@app.get("/health")
def health() -> dict[str, str]:
    """Say that the server is up."""
    return {"status": "ok"}


@app.get("/model")
def describe() -> dict:
    """Say what is asked: its name, its classes and the size of its pictures."""
    return model.record


@app.post("/predict")
def predict(file: Annotated[UploadFile, File(description="A picture")], top: int = 5) -> dict:
    """Answer for one picture: classes and probabilities, the most probable first."""
    data = file.file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise HTTPException(413, f"The file is larger than {MOST_BYTES / 1e6:.0f} MB.")
    try:
        image = decode_picture(data, max_pixels=MOST_PIXELS, max_bytes=MOST_BYTES)
    except PictureError as error:
        raise HTTPException(415, str(error)) from None
    picture = fit_picture(image, image_size=model.record["image_size"], resize=model.record["resize"])
    started = time.perf_counter()
    probabilities = model.ask(picture)
    milliseconds = 1000 * (time.perf_counter() - started)
    order = np.argsort(-probabilities, kind="stable")[: max(top, 1)]
    names = model.record["class_names"]
    answers = [{"class_name": names[label], "probability": float(probabilities[label])} for label in order]
    return {"answers": answers, "milliseconds": milliseconds}
