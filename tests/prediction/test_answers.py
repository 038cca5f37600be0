"""Every file gets an answer or a sentence, in the order given."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnlab.data.decoding import DecodingChild
from cnnlab.data.images import decode_picture, fit_picture
from cnnlab.prediction.answers import Question, answer_questions
from cnnlab.prediction.predictor import load_predictor

pytestmark = pytest.mark.slow


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def decoder():
    with DecodingChild() as child:
        yield child


def test_files_that_are_no_pictures_are_explained_and_the_others_answered(run_folder, decoder):
    questions = [Question(name=f"{place}.png", data=png(place)) for place in range(20)]
    questions[3] = Question(name="notes.txt", data=b"hello")
    questions[17] = Question(name="cut.png", data=png(0)[:60])
    answers = list(answer_questions(load_predictor(run_folder), questions, decoder=decoder))
    assert [answer.name for answer in answers] == [question.name for question in questions]
    assert [place for place, answer in enumerate(answers) if answer.problem] == [3, 17]
    assert all(answer.seconds > 0 for answer in answers if not answer.problem)


def test_a_picture_is_prepared_as_it_was_for_training(run_folder, decoder):
    predictor = load_predictor(run_folder)
    answer = next(iter(answer_questions(predictor, [Question(name="a", data=png(1))], decoder=decoder)))
    image = decode_picture(png(1), max_pixels=10_000, max_bytes=100_000)
    expected = predictor.predict(fit_picture(image, image_size=16, resize="squash"))
    np.testing.assert_array_equal(answer.probabilities, expected)


def test_the_top_classes_come_most_probable_first(run_folder, decoder):
    answer = next(
        iter(answer_questions(load_predictor(run_folder), [Question(name="a", data=png(1))], decoder=decoder))
    )
    labels, confidences = zip(*answer.top(2), strict=True)
    assert labels[0] == answer.probabilities.argmax()
    assert confidences[0] >= confidences[1]
