"""MODEL_CARD.md, written from the manifest and the measured figures."""
from pathlib import Path

SIMULATED = (
    "> **Trained on simulated radiographs only. Not for clinical use.** Every figure below was measured on simulated\n"
    "> images and says nothing about patients.\n"
)
OWN = "> **Research use only, not a diagnosis.** Trained on the images described below; validate before any use.\n"


def percent(value: float) -> str:
    """92.3 for 0.923."""
    return f"{100 * value:.1f}"


def table(header: list, rows: list) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]) + "\n"


def class_table(test: dict) -> str:
    """Per class and macro, in percent."""
    keys = ("precision", "sensitivity", "specificity", "f1")
    rows = [[name, per["images"], *(percent(per[k]) for k in keys)] for name, per in test["perClass"].items()]
    rows.append(["**macro**", test["images"], *(percent(test[k]) for k in keys)])
    return table(["class", "images", "precision %", "sensitivity %", "specificity %", "F1 %"], rows)


def confusion_table(test: dict) -> str:
    """Counts, rows are the truth."""
    names = list(test["perClass"])
    return table(["truth \\ called", *names], [[n, *row] for n, row in zip(names, test["confusion"])])


def group_tables(test: dict) -> str:
    """Accuracy by view, polarity, level, facing, and recall by slip."""
    parts = []
    for group, values in test["groups"].items():
        parts.append(table([group, "images", "correct %"], [[k, v["images"], percent(v["accuracy"])] for k, v in values.items()]))
    return "\n".join(parts)


def write_card(folder: Path, manifest: dict, network: dict, command: str) -> None:
    """Writes the card; ``network`` carries parameters, architecture and training words."""
    data, test = manifest["trainingData"], manifest["metrics"].get("test")
    simulated = data["kind"] == "simulated"
    parts = [f"# {manifest['name']} {manifest['version']}\n", SIMULATED if simulated else OWN]
    parts.append(
        f"{network['architecture']}, {network['parameters']:,} parameters, input {manifest['input']['size']} x "
        f"{manifest['input']['size']}, three classes: normal, spondylolysis (LS), degenerative spondylolisthesis (DLS). "
        f"File `{manifest['file']}`, {manifest['sizeBytes']:,} bytes, SHA-256 `{manifest['sha256']}`, "
        f"{network['weights']}.\n"
    )
    parts.append(f"**Intended use.** {manifest['intendedUse']}\n")
    parts.append("**Not for:** " + "; ".join(manifest["notFor"]) + ".\n")
    seeds = "; ".join(f"{k} {v}" for k, v in data.get("seeds", {}).items())
    parts.append(
        f"## Training\n\n{data['statement']} {data['images']:,} images of {data['patients']:,} "
        f"{'simulated ' if simulated else ''}patients{f' (seeds: {seeds})' if seeds else ''}.\n\n{network['training']}\n\n```\n{command}\n```\n"
    )
    calibration = manifest["calibration"]
    bands = "; ".join(
        f"{c['label']}: present from {c['threshold']:.2f}, indeterminate from {c['indeterminate'][0]:.2f}"
        for c in manifest["classes"] if c["role"] == "finding"
    )
    parts.append(
        f"## Calibration\n\nTemperature {calibration['temperature']:.3f}, fitted on {calibration['fittedOn']['images']} images "
        f"({calibration['fittedOn']['what']}). Thresholds by Youden index on the same images, {bands}. The class figures "
        "below use the most probable class, as the paper does.\n"
    )
    if test:
        where = test["map"]
        parts.append(
            f"## Figures on the test split{' (simulated)' if simulated else ''}\n\n{test['images']} images of "
            f"{test['patients']} patients that training and calibration never saw; measured on the weights of exactly "
            f"the shipped file with {manifest['metrics']['measuredWith']}.\n\n"
            f"Accuracy **{percent(test['accuracy'])} %**, ECE {test['ece']:.4f} ({test['eceBeforeTemperature']:.4f} before "
            f"temperature), log loss {test['logLoss']:.4f}. Refused as unfamiliar, wrongly: {percent(test['falselyRefused'])} %.\n"
        )
        parts.append(class_table(test))
        parts.append(confusion_table(test))
        if where.get("images"):
            parts.append(
                f"Map of the called finding (last feature map, {where['images']} correctly called findings): distance from its "
                f"peak to the lesion point median {where['medianMm']:.1f} mm, within 15 mm {percent(where['within15mm'])} %, "
                f"within 25 mm {percent(where['within25mm'])} %.\n"
            )
        parts.append("### Groups\n\n" + group_tables(test))
        parts.append(acceptance_table(manifest))
    parts.append(network["notes"])
    (folder / "MODEL_CARD.md").write_text("\n".join(p.rstrip() + "\n" for p in parts if p))


def acceptance_table(manifest: dict) -> str:
    """The project's bars and whether this file meets them, misses included."""
    test = manifest["metrics"]["test"]
    measured = {**test, **test["map"], "refused": test["falselyRefused"]}
    rows = []
    for key, bar in manifest["acceptance"].items():
        value, ceiling = measured.get(key, float("nan")), key in ("ece", "refused")
        met = value <= bar if ceiling else value >= bar
        rows.append([key, f"{'<=' if ceiling else '>='} {bar}", f"{value:.4f}", "met" if met else "**not met**"])
    return "### Acceptance\n\n" + table(["figure", "bar", "measured", ""], rows)
