"""Files as people have them, made from a seed: what `tables/compare_files.py` reads.

Each maker takes a number of rows and a generator and returns a frame; the class depends on columns
of several kinds, none of which gives it away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

_FILLING = """
the a my please again still since yesterday today cannot not when after new old our team it is was
and with for from on very all some this that help need want get got try tried
"""
_TOPICS = {
    "login": "password login account locked reset sign authenticate",
    "billing": "invoice charge bill credit card amount paid",
    "delivery": "parcel delivery courier late shipped address",
    "refund": "refund money back return cancelled credit",
    "mobile": "app phone android crash update screen",
    "network": "connection slow wifi router offline vpn",
    "printer": "printer paper toner jam print queue",
    "email": "mail inbox spam attachment sent mailbox",
    "contract": "contract renewal terms cancel plan tariff",
    "hardware": "laptop battery keyboard broken screen charger",
    "privacy": "data delete privacy consent request gdpr",
    "security": "phishing suspicious breach stolen hacked password",
}


@dataclass(frozen=True)
class MadeFile:
    """One file and how it is compared.

    Parameters
    ----------
    name : str
        Of the file, with its ending.
    n_rows : int
    make : callable
        (rows, generator) -> frame, with the column of classes last.
    options : tuple of str
        Further options of ``sklimb compare``.
    write : dict
        Options of `pandas.DataFrame.to_csv`.
    """

    name: str
    n_rows: int
    make: Callable[[int, np.random.Generator], pd.DataFrame]
    options: tuple[str, ...] = ()
    write: dict = field(default_factory=dict)

    def frame(self, seed: int, n_rows: int | None = None) -> pd.DataFrame:
        """Return the rows; the same for the same seed."""
        return self.make(n_rows or self.n_rows, np.random.default_rng([seed, len(self.name)]))

    def save(self, folder: Path, seed: int) -> Path:
        """Write the file; a Parquet file needs its reader."""
        path, frame = folder / self.name, self.frame(seed)
        if path.suffix == ".parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False, **self.write)
        return path


def _rare(score: np.ndarray, share: float, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Return the rows with the highest noisy scores, a share of all."""
    noisy = score + rng.normal(scale=noise, size=len(score))
    return noisy >= np.sort(noisy)[-max(2, round(share * len(score)))]


def fraud(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Payments, 1 of 200 a fraud: categories, day-first dates, numbers of payments, gaps."""
    shop, land = rng.integers(0, 80, n), rng.integers(0, 12, n)
    channel = rng.choice(["web", "app", "shop", "phone"], n, p=[0.4, 0.35, 0.2, 0.05])
    amount = rng.lognormal(3.5, 1.1, n)
    when = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 365 * 24 * 60, n), "min")
    age = rng.gamma(2.0, 400, n)
    risk = rng.normal(size=80)[shop] + rng.normal(size=12)[land]
    score = risk + 1.5 * (when.hour < 5) + np.log(amount) * (channel == "web")
    score = score - 0.5 * np.log1p(age) + 1.5 * (channel == "phone")
    more = rng.normal(size=(n, 43))  # what a table of fifty columns has besides
    frame = pd.DataFrame(
        {
            "payment": [f"P{k:08d}" for k in rng.permutation(10**6)[:n]],
            "when": when.strftime("%d.%m.%Y %H:%M"),
            "amount": amount.round(2),
            "shop": [f"shop {k}" for k in shop],
            "country": [f"C{k:02d}" for k in land],
            "channel": channel,
            "account_days": np.where(rng.random(n) < 0.08, np.nan, age.round()),
            **{f"v{k}": more[:, k].round(4) for k in range(43)},
        }
    )
    frame.loc[rng.random(n) < 0.05, "country"] = None
    return frame.assign(fraud=np.where(_rare(score, 1 / 200, rng, 1.0), "yes", "no"))


def _text(topics: np.ndarray, rng: np.random.Generator, n_words: int) -> list[str]:
    """Return texts of which every fifth word is about the topic, or about another."""
    texts, names = [], list(_TOPICS)
    for topic in topics:
        words = list(rng.choice(_FILLING.split(), n_words))
        for place in range(0, n_words, 5):
            about = topic if rng.random() < 0.6 else names[rng.integers(len(names))]
            words[place] = rng.choice(_TOPICS[about].split())
        texts.append(" ".join(words))
    return texts


def tickets(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Support tickets in twelve classes, the largest thirty times the rarest."""
    shares = 30.0 ** -np.linspace(0, 1, len(_TOPICS))
    kind = rng.choice(list(_TOPICS), n, p=shares / shares.sum())
    return pd.DataFrame({"ticket": _text(kind, rng, 20), "kind": kind})


def claims(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Claims with a text, numbers, a category and a date; three classes, the rarest 3 %."""
    topic = rng.choice(list(_TOPICS)[:6], n)
    cost, days = rng.lognormal(6, 1, n), rng.integers(0, 700, n)
    region = rng.integers(0, 9, n)
    score = np.log(cost) + 1.5 * (topic == "refund") + rng.normal(size=9)[region] - days / 500
    odd = _rare(score, 0.03, rng, 0.5)
    slow = _rare(-score + 2 * (topic == "network"), 0.2, rng, 0.5) & ~odd
    when = pd.Timestamp("2022-01-01") + pd.to_timedelta(days, "D")
    return pd.DataFrame(
        {
            "said": _text(topic, rng, 15),
            "cost": [f"${value:,.2f}" for value in cost],
            "region": [f"R{k}" for k in region],
            "received": when.strftime("%Y-%m-%d"),
            "outcome": np.where(odd, "checked", np.where(slow, "slow", "paid")),
        }
    )


def sensors(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Measurements of sixty machines, each with a level of its own; 3 % are faults."""
    machine = np.sort(rng.integers(0, 60, n))
    level = rng.normal(size=(60, 16))[machine]
    values = level + rng.normal(size=(n, 16))
    inner = values - level
    score = inner[:, 0] * inner[:, 1] + np.abs(inner[:, 2]) + 0.5 * values[:, 3]
    names = {f"s{k:02d}": values[:, k].round(4) for k in range(16)}
    fault = np.where(_rare(score, 0.03, rng, 0.4), "fault", "fine")
    return pd.DataFrame({"machine": [f"M{k}" for k in machine], **names, "state": fault})


def large(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Forty columns of numbers, 1 % of a rare class and 6 % of another."""
    values = rng.normal(size=(n, 40)) @ (np.eye(40) + 0.2 * rng.normal(size=(40, 40)))
    first = np.sin(values[:, 0]) + values[:, 1] * (values[:, 2] > 0) + 0.5 * values[:, 3]
    rare = _rare(first, 0.01, rng, 0.4)
    other = _rare(values[:, 4] + np.abs(values[:, 5]), 0.06, rng, 0.6) & ~rare
    names = {f"x{k:02d}": values[:, k].round(4) for k in range(40)}
    return pd.DataFrame({**names, "class": np.where(rare, 2, np.where(other, 1, 0))})


def typed(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Customers in a file with types: categories, dates, whole numbers with gaps; 5 % leave."""
    frame = pd.DataFrame({f"n{k}": rng.normal(size=n) for k in range(6)})
    plan = rng.choice(["basic", "plus", "pro"], n, p=[0.6, 0.3, 0.1])
    since = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), "D")
    calls = pd.array(rng.poisson(2, n), dtype="Int64")
    calls[rng.random(n) < 0.1] = pd.NA
    score = frame["n0"] + (plan == "basic") - (since.year - 2020) + frame["n1"] * frame["n2"]
    frame = frame.assign(plan=pd.Categorical(plan), since=since, calls=calls)
    return frame.assign(left=_rare(score.to_numpy(), 0.05, rng, 0.7))


FILES = (
    MadeFile("fraud.csv", 20_000, fraud, ("--target", "fraud"), {"sep": ";"}),
    MadeFile("tickets.csv", 2_500, tickets, ("--target", "kind")),
    MadeFile("claims.csv", 4_000, claims, ("--target", "outcome")),
    MadeFile("sensors.csv", 6_000, sensors, ("--target", "state", "--groups", "machine")),
    MadeFile("large.csv", 60_000, large, ("--target", "class")),
    MadeFile("customers.parquet", 10_000, typed, ("--target", "left")),
)
