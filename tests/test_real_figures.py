"""What README and docs say of the 34 real tables is what the summary of the benchmark says."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "benchmarks" / "results" / "tables"
SUMMARY = TABLES / "real_summary.csv"
LABELS = {
    "blended": "`BlendedClassifier()`",
    "logit_adjusted": '`RebalancedClassifier(loss="logit_adjusted")`',
    "rsg": "`RSGClassifier()`",
    "offset": "`OffsetDebiasedClassifier()`",
    "m2m": "`M2mClassifier()`",
    "affinity": "`AffinityClassifier()`",
    "catboost_calibrated": "CatBoost, 300 trees, calibrated by five folds and prior-corrected",
    "catboost_corrected": "CatBoost, 300 trees, prior-corrected",
    "forest_corrected": "random forest, prior-corrected",
    "balanced_forest": "balanced random forest",
    "lightgbm_corrected": "LightGBM, prior-corrected",
    "hist_corrected": "histogram boosting, prior-corrected",
    "logistic_weighted": "logistic regression, class weights",
}
PEERS = {
    name: LABELS[name]
    for name in ("blended", "logit_adjusted", "catboost_calibrated", "catboost_corrected")
} | {
    "net_corrected": "plain network, prior-corrected",
    "realmlp_calibrated": "RealMLP, calibrated by five folds and prior-corrected",
    "realmlp_corrected": "RealMLP, prior-corrected",
    "tabm_corrected": "TabM, prior-corrected",
}


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    return pd.read_csv(SUMMARY, comment="#").set_index(["method", "metric"])


def page(path: str) -> str:
    """Return a page with its line ends taken as blanks."""
    return re.sub(r"\s+", " ", (ROOT / path).read_text(encoding="utf-8"))


def test_the_table_of_docs_is_that_of_the_summary(summary):
    means = summary["mean"].unstack().loc[list(LABELS)]
    rows = [
        f"| {LABELS[method]} | {100 * row.balanced_accuracy:.1f} | "
        f"{100 * row.average_precision:.1f} | {row.log_loss:.3f} | "
        f"{row.balanced_log_loss:.3f} | {row.fit_cpu:.1f} |"
        for method, row in means.sort_values("balanced_accuracy", ascending=False).iterrows()
    ]
    expected = "\n".join(rows)
    assert expected in (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8"), expected


@pytest.mark.parametrize("method", ["blended", "logit_adjusted"])
@pytest.mark.parametrize("metric", ["balanced_accuracy", "average_precision"])
def test_differences_to_calibrated_catboost_are_those_of_the_summary(summary, method, metric):
    row = summary.loc[(method, metric)]
    said = f"{100 * row.difference:+.1f} ({100 * row.low:+.1f} to {100 * row.high:+.1f})"
    assert said in page("docs/choosing.md"), (method, metric, said)


def test_readme_says_the_same(summary):
    for metric in ("balanced_accuracy", "average_precision"):
        of = [
            100 * summary.loc[(name, metric), "mean"] for name in ("blended", "catboost_calibrated")
        ]
        said = f"{of[0]:.1f} (calibrated, prior-corrected CatBoost {of[1]:.1f})"
        assert said in page("README.md"), said


def test_the_table_of_realmlp_and_tabm_is_that_of_their_summary():
    summary = pd.read_csv(TABLES / "real_realmlp.csv", comment="#")
    means = summary.pivot(index="method", columns="metric", values="mean").loc[list(PEERS)]
    rows = [
        f"| {PEERS[method]} | {100 * row.balanced_accuracy:.1f} | "
        f"{100 * row.average_precision:.1f} | {row.balanced_log_loss:.3f} | {row.fit_cpu:.1f} |"
        for method, row in means.sort_values("balanced_accuracy", ascending=False).iterrows()
    ]
    expected = "\n".join(rows)
    assert expected in (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8"), expected


@pytest.mark.parametrize("name", ["real_realmlp", "real_tabm", "real_tabm_calibrated"])
def test_differences_to_realmlp_and_tabm_are_those_of_their_summaries(name):
    summary = pd.read_csv(TABLES / f"{name}.csv", comment="#").set_index(["method", "metric"])
    metrics = {"balanced_accuracy": (100, 1), "average_precision": (100, 1)}
    for metric, (scale, digits) in (metrics | {"balanced_log_loss": (1, 3)}).items():
        row = summary.loc[("blended", metric), ["difference", "low", "high"]]
        mean, low, high = (f"{scale * value:+.{digits}f}" for value in row)
        assert f"{mean} ({low} to {high})" in page("docs/choosing.md"), (name, metric)
