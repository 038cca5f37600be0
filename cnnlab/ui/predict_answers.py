"""The second half of the Predict page: asking every run about every picture, cards, and a table of all.

LiteRT answers here in the server; pictures are decoded in the child process. What was answered is
remembered while its picture is on the screen, so that nothing is asked twice.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from cnnlab.data.decoding import decoding_child
from cnnlab.errors import CnnlabError, PictureError
from cnnlab.evaluation.calibration import apply_temperature, load_calibration
from cnnlab.evaluation.comparison import wilson_interval
from cnnlab.prediction.answers import Answer, Question, answer_questions, in_parts
from cnnlab.prediction.pictures import Picture
from cnnlab.prediction.predictor import Predictor
from cnnlab.prediction.tables import answers_table, to_csv
from cnnlab.runs.folder import RunFolder
from cnnlab.settings import workspace
from cnnlab.ui import frame, predict_closer, predict_familiarity, text
from cnnlab.ui.predict_cards import Asked, cards

THUMBNAIL_PIXELS = 256
REMEMBERED = "predict-remembered"
MOST_NAMED = 5
PERCENT = "%.1f %%"
CARDS = 24
"""So many cards are drawn at a time."""


def answers(pictures: Sequence[Picture], *, predictors: Sequence[Predictor]) -> None:
    """Ask and draw: a card for each picture, then the table of all."""
    asked = _disagreements_first(_ask(pictures, predictors), predictors)
    refused = [each for each in asked if each.problem]
    if refused:
        frame.warning(
            f"{text.counted(len(refused), 'file')} could not be read as a picture; the reason is on its card. "
            f"The others are answered."
        )
    _say_what_is_unfamiliar(asked, predictors)
    _say_score(asked, predictors)
    _say_disagreement(asked, predictors)
    page = _page_of(asked)
    cards(page, predictors=predictors)
    predict_closer.closer(asked, predictors=predictors)
    _table(asked, predictors)


def _disagrees(asked: Asked, predictors: Sequence[Predictor]) -> bool:
    """Whether the runs name different classes; by name, because their classes may be numbered differently."""
    named = {
        predictor.record.class_names[answer.top(1)[0][0]]
        for answer, predictor in zip(asked.answers, predictors, strict=True)
        if not answer.problem
    }
    return len(named) > 1


def _disagreements_first(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> list[Asked]:
    return sorted(asked, key=lambda each: not _disagrees(each, predictors))


def _say_disagreement(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    answered = [each for each in asked if not each.problem]
    if len(predictors) < 2 or not answered:
        return
    apart = [each for each in answered if _disagrees(each, predictors)]
    if not apart:
        st.markdown(
            f"The runs agree on {'all ' if len(answered) > 1 else ''}{text.counted(len(answered), 'picture')}."
        )
        return
    surer = [max(range(len(predictors)), key=lambda run: each.answers[run].top(1)[0][1]) for each in apart]
    who = ", ".join(
        f"{text.escape(predictor.record.name, limit=60)} on {surer.count(place)}"
        for place, predictor in enumerate(predictors)
    )
    st.markdown(
        f"**The runs disagree on {len(apart)} of {text.counted(len(answered), 'picture')}**; those come first. "
        f"More sure there: {who}."
    )


def _page_of(asked: Sequence[Asked]) -> Sequence[Asked]:
    """Draw the choice of a page where there are more pictures than cards; returns those of the page."""
    pages = -(-len(asked) // CARDS)
    if pages < 2:
        return asked
    page = st.selectbox(
        "Pictures",
        range(pages),
        format_func=lambda page: (
            f"{page * CARDS + 1} to {min(len(asked), (page + 1) * CARDS)} of {text.count(len(asked))}"
        ),
        key=f"predict-page-{pages}",
        width=240,
    )
    return asked[page * CARDS : (page + 1) * CARDS]


def _say_score(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    """Say how many answers are right, where true classes are known."""
    known = [each for each in asked if each.truth and not each.problem]
    for place, predictor in enumerate(predictors if known else ()):
        names = predictor.record.class_names
        right = sum(names[each.answers[place].top(1)[0][0]] == each.truth for each in known)
        low, high = wilson_interval(right, len(known))
        whose = f"{text.escape(predictor.record.name, limit=80)}: " if len(predictors) > 1 else ""
        st.markdown(
            f"{whose}**{right} of {len(known)} right**, {text.percent(right / len(known))} "
            f"(with 95 % confidence between {text.percent(low)} and {text.percent(high)})"
        )


def _say_what_is_unfamiliar(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    for place, predictor in enumerate(predictors):
        found = _unfamiliar(asked, predictor, place)
        names = [each.name for each, is_unfamiliar in zip(asked, found, strict=True) if is_unfamiliar]
        if names:
            whose = f" by {predictor.record.name}" if len(predictors) > 1 else ""
            frame.warning(
                f"{text.counted(len(names), 'picture is', plural='pictures are')} unlike anything learned from{whose}: "
                f"{', '.join(names[:MOST_NAMED])}{' and others' if len(names) > MOST_NAMED else ''}. Do not trust these answers."
            )


def _unfamiliar(asked: Sequence[Asked], predictor: Predictor, place: int) -> list[bool | None]:
    """Whether each picture is unlike all training pictures; None where that cannot be said."""
    nothing = [None] * len(asked)
    try:
        run = RunFolder.find(predictor.record.run, runs=workspace().runs)
        familiarity = predict_familiarity.familiarity_of(run)
        if familiarity is None or not predict_familiarity.is_trusted(run.spec()):
            return nothing
    except CnnlabError:
        # The run was deleted meanwhile, or its features are damaged: its answers are still good.
        return nothing
    return [
        None
        if each.problem
        else familiarity.look(predict_familiarity.vector_of_answer(each.answers[place])).is_unfamiliar
        for each in asked
    ]


def _ask(pictures: Sequence[Picture], predictors: Sequence[Predictor]) -> list[Asked]:
    known: dict[tuple[str, str], Answer | bytes | None] = st.session_state.get(REMEMBERED, {})
    now: dict[tuple[str, str], Answer | bytes | None] = {}
    for predictor in predictors:
        now |= _answers(pictures, predictor, known=known)
    now |= _thumbnails(pictures, known=known)
    st.session_state[REMEMBERED] = now
    return [
        Asked(
            name=picture.name,
            truth=picture.truth,
            source=picture.source,
            digest=picture.digest,
            jpeg=now["thumbnail", picture.digest],
            answers=tuple(
                replace(now[predictor.record.run, picture.digest], name=picture.name)
                for predictor in predictors
            ),
        )
        for picture in pictures
    ]


def _answers(
    pictures: Sequence[Picture], predictor: Predictor, *, known: dict
) -> dict[tuple[str, str], Answer]:
    keys = [(predictor.record.run, picture.digest) for picture in pictures]
    found = {key: known[key] for key in keys if key in known}
    open_questions = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in found}
    if not open_questions:
        return found
    place = st.empty()
    # A generator: pictures of archives come from disk when their turn has come.
    questions = (Question(name=picture.name, data=picture.data) for picture in open_questions.values())
    given = answer_questions(predictor, questions, decoder=decoding_child())
    for done, (key, answer) in enumerate(zip(open_questions, given, strict=True), start=1):
        found[key] = answer
        place.progress(
            done / len(open_questions),
            text=f"{done} of {text.counted(len(open_questions), 'picture')} answered",
        )
    place.empty()
    return found


def _thumbnails(pictures: Sequence[Picture], *, known: dict) -> dict[tuple[str, str], bytes | None]:
    keys = [("thumbnail", picture.digest) for picture in pictures]
    found = {key: known[key] for key in keys if key in known}
    missing = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in found}
    for part in in_parts(missing.items()):
        small = decoding_child().thumbnails([picture.data for _, picture in part], size=THUMBNAIL_PIXELS)
        for (key, _), answer in zip(part, small, strict=True):
            found[key] = None if isinstance(answer, PictureError) else answer
    return found


def _table(asked: Sequence[Asked], predictors: Sequence[Predictor]) -> None:
    frame.section("All answers")
    shown, exported = [], []
    for place, predictor in enumerate(predictors):
        given = [each.answers[place] for each in asked]
        table = answers_table(given, class_names=predictor.record.class_names)
        table.insert(1, "true_class", [each.truth or None for each in asked])
        table.insert(1, "run", predictor.record.name)
        table["calibrated"] = _calibrated(given, predictor)
        table["unfamiliar"] = _unfamiliar(asked, predictor, place)
        shown.append(table)
        exported.append(table.join(_probabilities(given, predictor)))
    hidden = [
        *(["run"] if len(predictors) == 1 else []),
        *(name for name in ("calibrated", "unfamiliar") if all(table[name].isna().all() for table in shown)),
        *([] if any(each.problem for each in asked) else ["problem"]),
    ]
    st.dataframe(
        _in_percent(_by_file(shown).drop(columns=hidden)),
        hide_index=True,
        placeholder="–",
        column_config=_columns(),
        alt="Every picture with the classes that were found",
    )
    st.download_button(
        "Download as CSV",
        lambda: to_csv(_by_file(exported)).encode("utf-8-sig"),
        file_name=f"predictions-{'-'.join(predictor.record.run for predictor in predictors)}.csv",
        mime="text/csv",
        icon=":material/download:",
        key="predict-csv",
        on_click="ignore",
    )
    st.caption(
        "The file has the probability of every class too. Times are of the model alone, without decoding the picture."
    )


def _calibrated(given: Sequence[Answer], predictor: Predictor) -> list[float | None]:
    """The confidence of each answer at the temperature that the Evaluate page has fitted, where it has."""
    try:
        calibration = load_calibration(RunFolder.find(predictor.record.run, runs=workspace().runs))
    except CnnlabError:
        calibration = None
    if calibration is None:
        return [None] * len(given)
    return [
        None
        if answer.probabilities is None
        else float(apply_temperature(answer.probabilities, calibration.temperature).max())
        for answer in given
    ]


def _in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Shares as the screen shows them, 0 to 100; the CSV keeps them from 0 to 1."""
    shares = [name for name in table.columns if name.startswith("confidence") or name == "calibrated"]
    return table.assign(**{name: pd.to_numeric(table[name]) * 100 for name in shares})


def _by_file(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of the same files together, the answers to one file below each other."""
    return pd.concat(tables).sort_index(kind="stable")


def _probabilities(given: Sequence[Answer], predictor: Predictor) -> pd.DataFrame:
    """One column a class: its probability, 0 to 1, one row an answer."""
    names = [f"probability of {name}" for name in predictor.record.class_names]
    empty = [None] * len(names)
    return pd.DataFrame(
        [empty if answer.probabilities is None else answer.probabilities.tolist() for answer in given],
        columns=names,
    )


def _columns() -> dict[str, object]:
    words, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "run": words("Run"),
        "file": words("File", width="medium"),
        "true_class": words("True class"),
        "predicted": words("Answer"),
        "confidence": st.column_config.ProgressColumn(
            "Confidence", format=PERCENT, min_value=0, max_value=100
        ),
        "class_2": words("Second"),
        "confidence_2": number("", format=PERCENT),
        "class_3": words("Third"),
        "confidence_3": number("", format=PERCENT),
        "calibrated": number(
            "Calibrated",
            format=PERCENT,
            help="The confidence at the temperature fitted on the Evaluate page.",
        ),
        "unfamiliar": st.column_config.CheckboxColumn(
            "Unfamiliar", help="Farther from all training pictures than 99 % of the validation pictures."
        ),
        "milliseconds": number("Time, ms", format="%.1f"),
        "problem": words("Problem", width="large"),
    }
