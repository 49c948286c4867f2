"""Command lines that make no sense, or try to do harm."""

from pathlib import Path

import pytest
from replay import Case, assert_refused, nothing, parameters

ID = "digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0"
PARTS = ("--dataset", "digits", "--tau", "0.02", "--backbone", "resnet8", "--method", "CAL")
SWEEP = ("sweep", *PARTS, "--save")
LONG = "x" * 20_000
NAMES = {  # in place of the name of anything; most commands try one of them
    "empty": "",
    "unknown": "nobody",
    "absolute": "/etc/passwd",
    "shell": "$(touch PWNED)",
    "semicolon": "a;touch PWNED",
    "newline": "a\nb",
    "percent": "%s%n",
    "escape": "\x1b[2J",
    "not ascii": "tábla",
    "surrogate": "\udcff",
    "long": LONG,
}
PLAIN = ("unknown", "upwards", "absolute", "shell", "semicolon", "markup", "percent")
TAKES_A_NAME = {
    "table": ("table",),
    "verify": ("verify",),
    "report": ("report",),
    "evaluate": ("evaluate",),
    "assume": ("table", "smoke", "--assume"),
    "list": ("list",),
    "theory": ("theory",),
    "fetch": ("fetch",),
    "split": ("split", "--tau", "0.1"),
    "doctor --cost": ("doctor", "--cost"),
    "check method": ("check", "method"),
    "check dataset": ("check", "dataset"),
    "sweep --method": ("sweep", *PARTS[:6], "--save", "--method"),
    "train": ("train",),
    "train --method": ("train", *PARTS[:6], "--method"),
}
RUN_IDS = {
    "a part less": "digits/tau=0.02/resnet8/CAL/seed=0",
    "no seed": ID.replace("seed=0", "seed="),
    "seed -1": ID.replace("seed=0", "seed=-1"),
    "seed of 5,000 digits": ID.replace("seed=0", f"seed={'9' * 5000}"),
    "newline": ID + "\n",
    "tau nan": ID.replace("0.02", "nan"),
    "upwards": ID.replace("digits", ".."),
    "empty option": ID.replace("theta=0.2", "theta="),
    "unknown option": ID.replace("theta", "thetta"),
    "execution": ID.replace("theta=0.2", "threads=2"),
    "shell": ID.replace("0.2", "$(touch PWNED)"),
    "5,000 options": ID.replace("f=20", "+".join(f"a{i}=1" for i in range(5000))),
    "default and more": ID.replace("f=20", "default"),
}
OPTIONS = (  # one a kind of validator
    *("f=", "=20", "", "f=20,f=30", "epochs=1.5", "epochs=inf", f"epochs={'9' * 5000}"),
    *("threads=100000", "lr=-1", "mixup=maybe", "nobody=1", "../x=1", "f=$(touch PWNED)"),
    *(f"{LONG}=1", "precision=float8"),
)
SPLIT_OPTIONS = ("epochs=1", "split_seed=-1", "imbalance=none")
ANSWERED: dict[str, tuple[str, ...]] = {  # each refused with the word that follows the bar
    "unknown command | [/b]": ("[/b]",),
    "command of 20,000 letters | unknown command": (LONG,),
    "tau text | --tau": ("split", "digits", "--tau", "x"),
    "tau missing | --tau": ("split", "digits"),
    "tau 0 | tau": ("split", "digits", "--tau", "0"),
    "tau tiny | not there": ("split", "digits", "--tau", "1e-300"),
    "seed text | --seed": ("train", *PARTS, "--seed", "x"),
    "id and seed | --seed": ("train", ID, "--seed", "3"),
    "parts missing | --method": ("train", *PARTS[:6]),
    "results a file | --results": ("table", "smoke", "--results", "dvc.yaml"),
    "results not there | nowhere": ("table", "smoke", "--results", "nowhere"),
    "out below a file | dvc.yaml": ("table", "smoke", "--out", "dvc.yaml/x"),
    "out long | File name too long": ("table", "smoke", "--out", "x" * 300),
    "out in /proc | /proc": ("table", "smoke", "--out", "/proc/nowhere"),
    "from empty | --from": ("fetch", "digits", "--from", ""),
    "from nowhere | nowhere": ("fetch", "digits", "--from", "nowhere"),
    "from dashes | --upload": ("fetch", "digits", "--from", "--upload-pack=touch PWNED"),
    "from device | /dev/zero": ("fetch", "digits", "--from", "/dev/zero"),
    "fetch nothing | DATASET": ("fetch",),
    "switch not there | A99": ("table", "smoke", "--assume", "A99=x"),
    "switch without value | A14": ("verify", "smoke", "--assume", "A14"),
    "switch in a name, upwards | A14": ("table", "smoke+A14=../../evil"),
    "switch twice | twice": ("table", "smoke+A14=none", "--assume", "A14=affine"),
    "sweep of nothing | --method": ("sweep",),
    "sweep, tau empty | empty value": ("sweep", *PARTS[:2], "--tau", "", *PARTS[4:], "--save"),
    "sweep, shell | path": (*SWEEP, "-o", "f=$(touch PWNED)"),
    "sweep, millions of cells | 1,000,000 cells": (
        *SWEEP,
        *(
            w
            for k in ("f", "epochs", "warmup_epochs")
            for w in ("-o", f"{k}=" + ",".join("1" * 100))
        ),
    ),
    "sweep, a name upwards | ../../etc": (*SWEEP, "--name", "../../etc"),
    "theory one of two | T10": ("theory", "T9", "T10"),
}
PLAIN_ID = ID.replace("f=20+theta=0.2", "default")
CASES = [
    *(
        Case(
            f"{name}: {how}",
            nothing,
            (*words, value),
            tuple(value.split()[:1]) if how in PLAIN else (),
        )
        for number, (name, words) in enumerate(TAKES_A_NAME.items())
        for turn, (how, value) in enumerate(NAMES.items())
        if name == "table" or turn == (number % len(NAMES) or 1)
    ),
    *(Case(f"id: {how}", nothing, ("train", run_id), (), (2,)) for how, run_id in RUN_IDS.items()),
    *(
        Case(f"-o {o:.30}", nothing, ("train", PLAIN_ID, "-o", o), (o.split("=")[0][:40],), (2,))
        for o in OPTIONS
    ),
    *(
        Case(
            f"split -o {o}",
            nothing,
            ("split", "digits", "--tau", "0.1", "-o", o),
            (o.split("=")[0],),
        )
        for o in SPLIT_OPTIONS
    ),
    *(
        Case(name.partition(" | ")[0], nothing, words, (name.partition(" | ")[2],))
        for name, words in ANSWERED.items()
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_command_line_that_makes_no_sense_is_refused(configured: Path, case: Case) -> None:
    assert_refused(configured, case)
