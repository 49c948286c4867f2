"""Command lines that make no sense, or try to do harm."""

from pathlib import Path

import pytest
from replay import Case, assert_refused, nothing, parameters

ID = "digits/tau=0.02/resnet8/CAL/f=20+theta=0.2/seed=0"
PARTS = ("--dataset", "digits", "--tau", "0.02", "--backbone", "resnet8", "--method", "CAL")
SWEEP = ("sweep", *PARTS, "--save")
LONG = "x" * 20_000
NAMES = {  # in place of the name of anything
    "empty": "",
    "unknown": "nobody",
    "upwards": "../../etc",
    "absolute": "/etc/passwd",
    "shell": "$(touch PWNED)",
    "semicolon": "a;touch PWNED",
    "newline": "a\nb",
    "markup": "[/b]",
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
    "assume an alternative": ("table", "smoke+A14=affine", "--assume"),
    "train --assume": ("train", ID, "--assume"),
    "list": ("list",),
    "theory": ("theory",),
    "fetch": ("fetch",),
    "status": ("fetch", "--status"),
    "split": ("split", "--tau", "0.1"),
    "doctor --cost": ("doctor", "--cost"),
    "check-method": ("check-method",),
    "check-backbone": ("check-backbone",),
    "check-dataset": ("check-dataset",),
    "sweep --method": ("sweep", *PARTS[:6], "--save", "--method"),
    "sweep --dataset": ("sweep", *PARTS[2:], "--save", "--dataset"),
    "sweep --assume": (*SWEEP, "--assume"),
    "train": ("train",),
    "train --dataset": ("train", *PARTS[2:], "--dataset"),
    "train --backbone": ("train", *PARTS[:4], *PARTS[6:], "--backbone"),
    "train --method": ("train", *PARTS[:6], "--method"),
}
RUN_IDS = {
    "slashes": "///",
    "a part less": "digits/tau=0.02/resnet8/CAL/seed=0",
    "a part more": f"{ID}/x",
    "no seed": ID.replace("seed=0", "seed="),
    "seed -1": ID.replace("seed=0", "seed=-1"),
    "seed 1.5": ID.replace("seed=0", "seed=1.5"),
    "seed of 5,000 digits": ID.replace("seed=0", f"seed={'9' * 5000}"),
    "seed of 10 digits": ID.replace("seed=0", "seed=9999999999"),
    "seed with underscore": ID.replace("seed=0", "seed=1_0"),
    "seed in Arabic": ID.replace("seed=0", "seed=٣"),
    "newline": ID + "\n",
    "newline inside": ID.replace("CAL", "CAL\n"),
    "zero tau": ID.replace("0.02", "0"),
    "tau above 1": ID.replace("0.02", "50"),
    "tau nan": ID.replace("0.02", "nan"),
    "tau inf": ID.replace("0.02", "inf"),
    "tau a word": ID.replace("0.02", "on"),
    "tau of 5,000 digits": ID.replace("0.02", "9" * 5000),
    "tau not equal": ID.replace("tau=", "tau"),
    "empty dataset": ID.replace("digits", ""),
    "upwards": ID.replace("digits", ".."),
    "empty option": ID.replace("theta=0.2", "theta="),
    "no key": ID.replace("theta=0.2", "=0.2"),
    "two equals": ID.replace("theta=0.2", "theta==0.2"),
    "option twice": ID.replace("theta=0.2", "f=10"),
    "unknown option": ID.replace("theta", "thetta"),
    "execution": ID.replace("theta=0.2", "threads=2"),
    "shell": ID.replace("0.2", "$(touch PWNED)"),
    "5,000 options": ID.replace("f=20", "+".join(f"a{i}=1" for i in range(5000))),
    "markup": ID.replace("digits", "[/b]"),
    "default and more": ID.replace("f=20", "default"),
}
OPTIONS = (
    *("f=", "=20", "f", "", "f=20,f=30", "epochs=on", "epochs=0", "epochs=-1", "epochs=1.5"),
    *("epochs=inf", "epochs=nan", "epochs=ten", f"epochs={'9' * 5000}", "threads=on", "threads=0"),
    *(
        "threads=100000",
        "lr=inf",
        "lr=0",
        "lr=-1",
        "lr=on",
        "mean=0.5",
        "mixup=maybe",
        "augment=all",
    ),
    *("nobody=1", "../x=1", "a b=1"),
    *("f=$(touch PWNED)", "f=[/b]", f"f={LONG}", f"{LONG}=1", "split_seed=-1", "imbalance=none"),
    *("batch_size=0", "batch_size=on", "seed=3", "tau=0.1", "precision=float8", "momentum=2"),
)
SPLIT_OPTIONS = ("epochs=1", "f=20", "nobody=1", "split_seed=-1", "split_seed=on", "imbalance=none")
ANSWERED: dict[str, tuple[str, ...]] = {  # each refused with the word that follows the bar
    "unknown command | [/b]": ("[/b]",),
    "command of 20,000 letters | characters": (LONG,),
    "unknown option | --nobody": ("table", "smoke", "--nobody"),
    "two tables | b": ("table", "smoke", "b"),
    "tau text | --tau": ("split", "digits", "--tau", "x"),
    "tau empty | --tau": ("split", "digits", "--tau", ""),
    "tau missing | --tau": ("split", "digits"),
    "tau nan | tau": ("split", "digits", "--tau", "nan"),
    "tau inf | tau": ("split", "digits", "--tau", "inf"),
    "tau 0 | tau": ("split", "digits", "--tau", "0"),
    "tau tiny | not there": ("split", "digits", "--tau", "1e-300"),
    "seed text | --seed": ("train", *PARTS, "--seed", "x"),
    "seed of 5,000 digits | characters": ("train", *PARTS, "--seed", "9" * 5000),
    "seed of 100 digits | seed": ("train", *PARTS, "--seed", "9" * 100),
    "seed -1 | seed": ("train", *PARTS, "--seed", "-1"),
    "id and seed | --seed": ("train", ID, "--seed", "3"),
    "id and parts | --tau": ("train", ID, "--tau", "0.1"),
    "parts missing | --method": ("train", *PARTS[:6]),
    "no run | --dataset": ("train",),
    "results a file | --results": ("table", "smoke", "--results", "dvc.yaml"),
    "results not there | nowhere": ("table", "smoke", "--results", "nowhere"),
    "results not there, verify | nowhere": ("verify", "smoke", "--results", "nowhere"),
    "results empty | --results": ("table", "smoke", "--results", ""),
    "results long | characters": ("table", "smoke", "--results", "x" * 3000),
    "out a file | --out": ("table", "smoke", "--out", "dvc.yaml"),
    "out below a file | dvc.yaml": ("table", "smoke", "--out", "dvc.yaml/x"),
    "out empty | --out": ("table", "smoke", "--out", ""),
    "train results empty | --results": ("train", ID, "--results", ""),
    "out long | characters": ("table", "smoke", "--out", "x" * 3000),
    "out in /proc | /proc": ("table", "smoke", "--out", "/proc/nowhere"),
    "price text | --price": ("doctor", "--cost", "smoke", "--price", "x"),
    "price nan | --price": ("doctor", "--cost", "smoke", "--price", "nan"),
    "price inf | --price": ("doctor", "--cost", "smoke", "--price", "inf"),
    "price -1 | --price": ("doctor", "--cost", "smoke", "--price", "-1"),
    "cost empty | --cost": ("doctor", "--cost", ""),
    "from empty | --from": ("fetch", "digits", "--from", ""),
    "from nowhere | nowhere": ("fetch", "digits", "--from", "nowhere"),
    "from two | --from": ("fetch", "digits", "cifar10", "--from", "x"),
    "from file: | file:": ("fetch", "digits", "--from", "file:///etc/passwd"),
    "from ftp | ftp": ("fetch", "digits", "--from", "ftp://127.0.0.1/x"),
    "from dashes | --upload": ("fetch", "digits", "--from", "--upload-pack=touch PWNED"),
    "from device | /dev/zero": ("fetch", "digits", "--from", "/dev/zero"),
    "fetch nothing | --status": ("fetch",),
    "switch not there | A99": ("table", "smoke", "--assume", "A99=x"),
    "switch without value | A14": ("verify", "smoke", "--assume", "A14"),
    "switch with a shell | A14": ("report", "smoke", "--assume", "A14=$(touch PWNED)"),
    "switch upwards | A14": ("show", "smoke", "--assume", "A14=../../evil"),
    "switch in a name, upwards | A14": ("table", "smoke+A14=../../evil"),
    "switch in a name, empty | ID=VALUE": ("table", "smoke+"),
    "switch twice | twice": ("table", "smoke+A14=none", "--assume", "A14=affine"),
    "switch of nobody | A4": ("evaluate", "smoke", "--assume", "A4=as_released"),
    "200 switches | twice": ("table", "smoke+" + "+".join(["A14=none"] * 200)),
    "sweep of nothing | --dataset": ("sweep",),
    "sweep, tau text | tau": ("sweep", *PARTS[:2], "--tau", "x", *PARTS[4:], "--save"),
    "sweep, tau empty | empty value": ("sweep", *PARTS[:2], "--tau", "", *PARTS[4:], "--save"),
    "sweep, no value | KEY=VALUE": (*SWEEP, "-o", "f"),
    "sweep, empty option | KEY=VALUE": (*SWEEP, "-o", ""),
    "sweep, empty value | empty value": (*SWEEP, "-o", "f=5,,10"),
    "sweep, no key | KEY=VALUE": (*SWEEP, "-o", "=5"),
    "sweep, option twice | twice": (*SWEEP, "-o", "f=5", "-o", "f=10"),
    "sweep, axis as option | twice": (*SWEEP, "-o", "tau=0.1"),
    "sweep, value twice | same run": (*SWEEP, "-o", "f=5,5"),
    "sweep, unknown option | thetta": (*SWEEP, "-o", "thetta=0,1"),
    "sweep, execution | threads": (*SWEEP, "-o", "threads=1,2"),
    "sweep, bad value | epochs": (*SWEEP, "-o", "epochs=1,ten"),
    "sweep, shell | path": (*SWEEP, "-o", "f=$(touch PWNED)"),
    "sweep, markup | path": (*SWEEP, "-o", "f=[/b]"),
    "sweep, pi by nothing | path": (*SWEEP, "-o", "theta=pi/0"),
    "sweep, YAML | path": (*SWEEP, "-o", "f={a: 1}"),
    "sweep, seeds 0 | seeds": (*SWEEP, "--seeds", "0"),
    "sweep, seeds text | --seeds": (*SWEEP, "--seeds", "x"),
    "sweep, 1,001 seeds | seeds": (*SWEEP, "--seeds", "1001"),
    "sweep, 201 runs | 201": (*SWEEP, "--seeds", "201"),
    "sweep, 21,000 runs | 21,000": (
        *("sweep", *PARTS, "--yes", "--seeds", "1000", "-o"),
        "f=" + ",".join(map(str, range(5, 26))),
    ),
    "sweep, millions of cells | 1,000,000 cells": (
        *(*SWEEP, "--yes"),
        *(
            w
            for k in ("f", "epochs", "warmup_epochs")
            for w in ("-o", f"{k}=" + ",".join("1" * 100))
        ),
    ),
    "sweep, a name upwards | ../../etc": (*SWEEP, "--name", "../../etc"),
    "sweep, a name for a shell | called": (*SWEEP, "--name", "$(touch PWNED)"),
    "sweep, an empty name | called": (*SWEEP, "--name", ""),
    "sweep, a long name | called": (*SWEEP, "--name", "x" * 41),
    "sweep, a clash | smoke": (*SWEEP, "--name", "smoke"),
    "sweep, a rule's name | all": (*SWEEP, "--name", "all"),
    "sweep, a method by assumption | method": (
        *("sweep", *PARTS[:6], "--method", "CE", "--save", "--assume", "A9=CE-FROZEN"),
    ),
    "sweep, option and assumption | A14": (
        *(*SWEEP, "-o", "prediction_bn=none", "--assume", "A14=none"),
    ),
    "theory one of two | T10": ("theory", "T9", "T10"),
    "evaluate one of two | nobody": ("evaluate", "smoke", "nobody"),
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
        for name, words in TAKES_A_NAME.items()
        for how, value in NAMES.items()
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
