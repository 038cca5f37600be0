import json, shutil
import numpy as np, pytest
from cnnlab.evaluation.judged import judge
from cnnlab.evaluation.predictions import predictions_table, save_predictions
from cnnlab.export.card import write_card
from cnnlab.export.package import package_name
from cnnlab.ui.evaluate import VIEWS
from cnnlab.ui.evaluate_downloads import DOWNLOADS
from cnnlab.command.line import main
from tests.pages.making import past_run
from tests.runs.making import run_spec

NAMES = ("<script>alert(1)</script>", '=cmd|"/c calc"!A1', "a,b\nc\r", "$x$ :red[y] ![z](http://h/i.png)", "漢字🌸\u202eabc", "L" * 90, "'; DROP", "`code` | pipe")
def made(kind):
    try:
        spec = run_spec("<img src=x onerror=alert(1)> \"'=1", class_names=NAMES)
    except Exception as e:
        print("SPEC refuses", e); spec = run_spec("x", class_names=tuple(" ".join(n.split()) for n in NAMES))
    run = past_run(1, spec=spec)
    n = {"one": 1, "hole": 60, "full": 60}[kind]
    labels = np.arange(n) % (8 if kind == "full" else 3)
    p = np.random.default_rng(0).dirichlet(np.ones(8), n)
    save_predictions(predictions_table(pictures=np.arange(n), splits=np.full(n, "test"), labels=labels, probabilities=p), folder=run.path)
    return run

@pytest.mark.parametrize("kind", ["one", "hole", "full"])
@pytest.mark.parametrize("view", VIEWS)
def test_views(open_page, kind, view):
    run = made(kind)
    page = open_page("evaluate", run=run.id, view=view)
    assert not page.exception, page.exception

@pytest.mark.parametrize("kind", ["one", "hole", "full"])
def test_downloads(kind, capsys):
    run = made(kind); j = judge(run)
    for n, row in DOWNLOADS.items():
        t = row.make(j)
        if row.ending == "json": json.loads(t, parse_constant=lambda c: 1/0)
        if row.ending == "html": assert "<script>alert" not in t and "<img src=x" not in t
        if row.ending == "csv": assert '"=cmd' not in t
        open(f"/tmp/rv_{kind}_{n}.{row.ending}", "w").write(t)
    open(f"/tmp/rv_{kind}.md", "w").write(write_card(run))
    assert main(["evaluate", run.id]) == 0; assert main(["evaluate", run.id, "--json"]) == 0
    print(package_name(run, "lite"))

def damage(run, how):
    f = run.path / "predictions.parquet"
    if how == "garbage": f.write_bytes(b"PAR1garbage")
    if how == "empty": f.write_bytes(b"")
    if how == "truncated": f.write_bytes(f.read_bytes()[:-200])
    if how == "middle":
        b = bytearray(f.read_bytes()); b[40:400] = b"\xff" * 360; f.write_bytes(b)
    if how == "columns":
        import pandas as pd; pd.DataFrame({"a": [1]}).to_parquet(f)
    if how == "columns2":
        import pandas as pd; pd.DataFrame({"split": ["test"]}).to_parquet(f)
    if how == "nolabel":
        import pandas as pd; pd.read_parquet(f).drop(columns="label").to_parquet(f)
    if how == "text":
        import pandas as pd; t = pd.read_parquet(f); t["p0"] = "x"; t.to_parquet(f)
    if how == "nan":
        import pandas as pd; t = pd.read_parquet(f); t["p0"] = np.nan; t.to_parquet(f)
    if how == "none":
        import pandas as pd; pd.read_parquet(f).iloc[:0].to_parquet(f)
    if how == "folder": f.unlink(); f.mkdir()
@pytest.mark.parametrize("how", ["garbage", "empty", "truncated", "middle", "columns", "columns2", "nolabel", "text", "nan", "none", "folder"])
def test_damaged(open_page, how, capsys):
    run = made("full"); damage(run, how)
    rc = main(["evaluate", run.id]); print(capsys.readouterr().err)
    page = open_page("evaluate", run=run.id)
    said = [e.value for e in (*page.error, *page.warning, *page.markdown)][:6]
    assert not page.exception, page.exception
    write_card(run)
    print("SAID", how, rc, said)
    assert rc == 2 or how == "nan"
