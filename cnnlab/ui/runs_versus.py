"""Is B better than A? The verdict on the test pictures of both, and the pictures that B mended or broke.

Pictures are decoded in the child process, as everywhere in the server. This module never counts
anything itself: `evaluation.versus` does.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cnnlab.data.dataset import Dataset
from cnnlab.data.library import find_dataset
from cnnlab.errors import DatasetError, RunError
from cnnlab.evaluation.predictions import FILE
from cnnlab.evaluation.versus import BROKEN, MENDED, Versus, compare
from cnnlab.runs.folder import RunFolder
from cnnlab.runs.rows import RunRow
from cnnlab.settings import workspace
from cnnlab.ui import frame, text
from cnnlab.ui.datasets_gallery import LARGE_PIXELS, PICTURES_A_PAGE, pager, thumbnails
from cnnlab.ui.gallery import Tile, gallery

FLIPS = {MENDED: "Mended by B", BROKEN: "Broken by B"}
FLIP_COLORS = {MENDED: "#009e73", BROKEN: "#d55e00"}
"""Told apart by colour-blind people too; the words say it as well."""
OPENED = "runs-flip-opened"


def draw(selected: Sequence[RunRow]) -> None:
    """Let somebody choose A and B among the selected runs, oldest first, and say which is better."""
    judged = [row for row in selected if (_folder(row).path / FILE).is_file()]
    if len(judged) < 2:
        st.markdown(
            ":gray[Two runs with predictions are needed; a run has them once it has finished. Select another.]"
        )
        return
    run_a, run_b = _choose(judged)
    if run_a.id == run_b.id:
        st.markdown(":gray[This is one run twice. Choose another as A or as B.]")
        return
    try:
        changed = workspace().datasets.stat().st_mtime
        versus = _compared(run_a.id, run_b.id, _written_at(run_a), _written_at(run_b), changed)
    except RunError as error:
        frame.warning(error)
        return
    _verdict(versus, run_a, run_b, among=len(judged))
    _flips(versus)


def _choose(judged: Sequence[RunRow]) -> tuple[RunRow, RunRow]:
    """Ask which is A and which is B: at first the oldest and the newest."""
    by_id = {row.id: row for row in judged}
    ids = list(by_id)

    def ask(label: str, index: int) -> str:
        return st.selectbox(
            label,
            ids,
            index=index,
            format_func=lambda id: text.shorten(by_id[id].name, limit=80),
            # Other runs to choose from are another choice.
            key=f"runs-versus-{label}-{hash(tuple(ids))}",
        )

    left, right = st.columns(2)
    with left:
        first = ask("A, the one to beat", 0)
    with right:
        second = ask("B, the challenger", len(ids) - 1)
    return by_id[first], by_id[second]


@st.cache_data(max_entries=32, show_spinner=False)
def _compared(run_a: str, run_b: str, written_a: float, written_b: float, datasets: float) -> Versus:
    # When the predictions were written tells those of a run that was trained again from those before; when a
    # dataset came or went, its pictures can be shown or not.
    return compare(RunFolder(workspace().runs / run_a), RunFolder(workspace().runs / run_b))


def _verdict(versus: Versus, run_a: RunRow, run_b: RunRow, *, among: int) -> None:
    sentence = versus.sentence(name_a=_called("A", run_a), name_b=_called("B", run_b))
    tell = st.info if versus.is_noise else st.success
    icon = ":material/balance:" if versus.is_noise else ":material/verified:"
    tell(text.escape(sentence, limit=frame.ERROR_LIMIT), icon=icon)
    before, after = versus.accuracies
    low, high = versus.interval
    cards = (
        ("A", text.percent(before), "Test accuracy on the shared pictures."),
        ("B", text.percent(after), "On the same pictures."),
        ("B minus A", f"{100 * versus.change:+.1f} points", f"{100 * low:+.1f} to {100 * high:+.1f} with 95 % confidence."),
        ("Shared test pictures", text.count(versus.shared), _shared(versus)),
    )  # fmt: skip
    grid = st.grid(4, min_column_width=170, border=True)
    for card in cards:
        with grid.cell():
            frame.card(*card)
    if not versus.same_version:
        frame.warning(
            "The runs saw different versions of this dataset. Only what was a test picture in both counts here, "
            "but either may have learned from more pictures than the other."
        )
    if among > 2:
        st.caption(
            f"With {among} runs to choose from, one comparison in twenty looks better by chance alone; decide "
            f"beforehand which two to compare."
        )


def _shared(versus: Versus) -> str:
    if not versus.left_out:
        return "Both were judged by the very same."
    return f"Left out: {text.counted(versus.left_out, 'test picture')} of only one of them."


def _flips(versus: Versus) -> None:
    """Draw the pictures that only one of the two named right."""
    counts = {kind: len(versus.flips(kind)) for kind in FLIPS}
    if not any(counts.values()):
        return
    kind = st.segmented_control(
        "Pictures on which they differ",
        FLIPS,
        default=MENDED if counts[MENDED] else BROKEN,
        required=True,
        format_func=lambda kind: f"{FLIPS[kind]} · {counts[kind]:,}",
        key="runs-flips",
    )
    flips = versus.flips(kind)
    if flips.empty:
        st.markdown(":gray[There is none.]")
        return
    try:
        dataset = find_dataset(versus.dataset_id)
    except DatasetError:
        frame.warning(
            "The pictures cannot be shown: their dataset is not in this workspace. It was deleted, or the runs came in "
            "bundles and it never was here."
        )
        st.dataframe(_as_table(flips), hide_index=True)
        return
    _gallery(dataset, flips, kind=kind)


def _gallery(dataset: Dataset, flips: pd.DataFrame, *, kind: str) -> None:
    page = pager(len(flips), key=f"runs-flips-page-{kind}")
    rows = flips.iloc[page * PICTURES_A_PAGE : (page + 1) * PICTURES_A_PAGE]
    small = thumbnails(dataset, rows["picture"])
    gallery(
        [_tile(row, answer, kind=kind) for row, answer in zip(rows.itertuples(), small, strict=True)],
        key="runs-flips-gallery",
        tile_pixels=140,
        on_open=lambda picture: st.session_state.update({OPENED: picture}),
    )
    if (opened := st.session_state.pop(OPENED, None)) is not None:
        _large(dataset, rows[rows["picture"] == opened].iloc[0])


def _tile(row, answer: bytes | str, *, kind: str) -> Tile:
    readable = isinstance(answer, bytes)
    wrong = row.said_a if kind == MENDED else row.said_b
    who = "A" if kind == MENDED else "B"
    return Tile(
        picture=int(row.picture),
        jpeg=answer if readable else None,
        alt=f"{row.true}; {who} said {wrong}" if readable else str(answer),
        caption=text.shorten(row.true, limit=80),
        note=text.shorten(f"{who} said {wrong}", limit=80),
        color=FLIP_COLORS[kind],
        title=text.shorten(_said(row.said_a, row.sure_a, row.said_b, row.sure_b), limit=200),
    )


def _said(said_a: str, sure_a: float, said_b: str, sure_b: float) -> str:
    return f"A: {said_a}, {text.percent(sure_a, digits=0)} sure · B: {said_b}, {text.percent(sure_b, digits=0)} sure"


@st.dialog("A picture on which they differ", width="medium")
def _large(dataset: Dataset, row: pd.Series) -> None:
    answer = thumbnails(dataset, [row["picture"]], size=LARGE_PIXELS)[0]
    if isinstance(answer, bytes):
        st.image(answer, width=320, alt=str(row["true"]))
    else:
        frame.problem(answer)
    st.markdown(f"**{text.escape(row['true'])}**")
    st.markdown(text.escape(_said(row["said_a"], row["sure_a"], row["said_b"], row["sure_b"])))


def _as_table(flips: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Picture": flips["picture"],
            "Class": [text.shorten(name, limit=80) for name in flips["true"]],
            "A said": [text.shorten(name, limit=80) for name in flips["said_a"]],
            "B said": [text.shorten(name, limit=80) for name in flips["said_b"]],
        }
    )


def _called(letter: str, row: RunRow) -> str:
    return f"{letter} ({text.shorten(row.name, limit=80)!r})"


def _folder(row: RunRow) -> RunFolder:
    return RunFolder(workspace().runs / row.id)


def _written_at(row: RunRow) -> float:
    return (_folder(row).path / FILE).stat().st_mtime
