"""What is found of manipulated pictures, and what is found wrongly.

`python -m tests.benchmarks.robustness --photos DIR --refs 500 --others DIR`

References are the photos, filled up to `--refs` with a part of `--others` and rendered pictures.
Every photo is queried under every manipulation of `tests.benchmarks.manipulations`; the other
references make negative pairs of it. Pictures of `--others` that are not references are queried
as distractors. Collages are filled with pictures that are neither. `--hard` asks hard negatives
instead: different photos under the same overlay. `--slice 0:40` takes part of the photos, `--save`
keeps the rows and `--cache` the signatures, so that a long run can be cut into parts; `--load`
prints the table of saved rows.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from zlib import crc32

import numpy as np
from PIL import Image

from tests.benchmarks.hard_negatives import hard_negatives
from tests.benchmarks.manipulations import Picture, suite
from tests.benchmarks.robustness_rows import Brief, Row, brief, judged, load, saved
from tests.benchmarks.stages import Clock, CropResistant, Local, Near, PlainPdq, Stage
from tests.pictures import render_picture

FILLERS = 20
DISTRACTOR_STEP = 7
"""Distractors are queried under every seventh manipulation, another one each time."""

COLUMNS = ("pdq", "crop_resistant", "near", "accept", "review", "all")


@dataclass(frozen=True)
class Material:
    """Pictures by their use; `references` are numbered by their place."""

    photos: list[Picture]
    references: list[Picture]
    fillers: list[Picture]
    distractors: list[Picture]


def gather(photos: Path, others: Path | None, count: int) -> Material:
    """Read and render the pictures: at most `count` references, the photos first."""
    known = pictures_in(photos)[:count]
    spare = pictures_in(others) if others else [render_picture(n) for n in range(900, 980)]
    fillers, spare = spare[:FILLERS], spare[FILLERS:]
    distractors, spare = spare[: len(spare) // 2], spare[len(spare) // 2 :]
    references = (known + spare)[:count]
    rendered = [render_picture(seed, (480, 360)) for seed in range(count - len(references))]
    return Material(known, references + rendered, fillers, distractors)


def pictures_in(folder: Path) -> list[Picture]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".png"})
    return [Image.open(path).convert("RGB") for path in paths]


def queries(
    material: Material, part: slice, only: Sequence[str]
) -> Iterator[tuple[str, int, Picture]]:
    """(manipulation, photo or -1, picture), reproducibly."""
    for number, photo in list(enumerate(material.photos))[part]:
        for name, copy in manipulated(photo, number, material.fillers, only):
            yield name, number, copy
    for number, photo in list(enumerate(material.distractors))[part]:
        every = manipulated(photo, 10_000 + number, material.fillers, only)
        for position, (name, copy) in enumerate(every):
            if position % DISTRACTOR_STEP == number % DISTRACTOR_STEP:
                yield name, -1, copy


def manipulated(
    photo: Picture, number: int, fillers: Sequence[Picture], only: Sequence[str]
) -> Iterator[tuple[str, Picture]]:
    first = 4 * number % len(fillers)
    chosen = tuple(fillers[(first + step) % len(fillers)] for step in range(4))
    for name, manipulate in suite(chosen).items():
        if not only or name in only:
            rng = np.random.default_rng([number, crc32(name.encode())])
            yield name, manipulate(photo, rng)


def ask(stages: dict[str, Stage], name: str, photo: int, picture: Picture, total: int) -> Row:
    """Query every stage with one picture."""
    clock = Clock()
    hits = {column: stage.find(picture, clock) for column, stage in stages.items()}
    local = stages["accept"]
    assert isinstance(local, Local)
    own = local.evidence.get(photo)
    others = [brief(seen) for n, seen in local.evidence.items() if n != photo]
    row = Row(
        name,
        photo,
        {column: photo in ids for column, ids in hits.items()},
        {column: len(ids - {photo}) for column, ids in hits.items()},
        brief(own) if own else None,
        others,
        total - (photo >= 0),
        local.candidates,
        clock.spent,
    )
    return judged(row)


def run(material: Material, part: slice, only: Sequence[str], local: Local) -> Iterator[Row]:
    """Register all references, then ask query after query."""
    stages: dict[str, Stage] = {"pdq": PlainPdq(), "near": Near(), "accept": local}
    if CropResistant.available():
        stages["crop_resistant"] = CropResistant()
    for stage in stages.values():
        for number, picture in enumerate(material.references):
            stage.add(number, picture)
        stage.finish()
    print_registration(local, len(material.references))
    for name, photo, picture in queries(material, part, only):
        yield ask(stages, name, photo, picture, len(material.references))


def run_hard(photos: Sequence[Picture], cache: Path | None) -> Iterator[Row]:
    """Different photos under one overlay, as references and as queries; a row for each query."""
    for name, (references, asked) in hard_negatives(photos):
        yield from hard_case(name, references, asked, cache)


def hard_case(
    name: str, references: list[Picture], asked: list[Picture], cache: Path | None
) -> Iterator[Row]:
    """A query's own photo is among the references: only the others are negatives."""
    stages: dict[str, Stage] = {"near": Near(), "accept": Local(cache)}
    for number, picture in enumerate(references):
        for stage in stages.values():
            stage.add(number, picture)
    for stage in stages.values():
        stage.finish()
    for number, picture in enumerate(asked):
        yield ask(stages, f"hard: {name}", number, picture, len(references))


def print_registration(stage: Local, count: int) -> None:
    times = stage.registration
    print(f"{count} references, {len(stage.gated)} gated", flush=True)
    if times:
        print(f"registration {median(times):.0f} ms CPU median, {max(times):.0f} at most")


def print_recall(rows: Sequence[Row]) -> None:
    """Recall in per cent by manipulation and matcher."""
    columns = [column for column in COLUMNS if any(column in row.found for row in rows)]
    print(f"\n{'recall %':<26}{'n':>5}" + "".join(f"{c:>16}" for c in columns) + "  inliers    E")
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.manipulation].append(row)
    for name, group in [*groups.items(), ("ALL", rows)]:
        shares = (100 * sum(r.found[c] for r in group) / len(group) for c in columns)
        seen = [r.evidence or (0, 0.0) for r in group]
        print(
            f"{name:<26}{len(group):>5}"
            + "".join(f"{share:>16.1f}" for share in shares)
            + f"{median(e[0] for e in seen):>9.0f}{median(e[1] for e in seen):>6.0f}"
        )


def print_wrong(rows: Sequence[Row]) -> None:
    """False positives, ordinary and hard."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        hard = row.manipulation.startswith("hard")
        plain = "manipulated photos" if row.photo >= 0 else "manipulated distractors"
        groups[row.manipulation if hard else plain].append(row)
    columns = ("pdq", "crop_resistant", "near", "accept", "review")
    head = "".join(f"{column:>16}" for column in (*columns, *MARGINS))
    print(f"\n{'wrongly found':<32}{'pairs':>10}{'verified':>10}{head}")
    for name, group in groups.items():
        others = [seen for row in group for seen in row.others]
        counts = (sum(row.wrong.get(column, 0) for row in group) for column in columns)
        print(
            f"{name:<32}{sum(r.pairs for r in group):>10}{sum(r.verified for r in group):>10}"
            + "".join(f"{count:>16}" for count in counts)
            + "".join(f"{margin:>16.1f}" for margin in margins(others))
        )


MARGINS = ("max inliers", "max E", "max E, corner")


def margins(others: Sequence[Brief]) -> tuple[float, float, float]:
    """How near strangers come to what is accepted.

    The last: E with windows that the edge cuts, of those of which two are seen whole and do not
    contradict.
    """
    corners = [o[1] + o[4] for o in others if o[0] >= 5 and o[3] >= 2 and o[1] >= 0]
    return (
        max((o[0] for o in others), default=0),
        max((o[1] for o in others), default=0.0),
        max(corners, default=0.0),
    )


def print_times(rows: Sequence[Row]) -> None:
    """CPU time of a query, by stage."""
    print("\nCPU ms a query: median / 90th percentile")
    for step in dict.fromkeys(step for row in rows for step in row.spent):
        times = [row.spent[step] for row in rows if step in row.spent]
        print(f"  {step:<16}{median(times):>8.1f}{np.percentile(times, 90):>8.1f}")
    partial = [sum(row.spent[s] for s in ("extract", "search", "verify")) for row in rows]
    print(f"  {'partial stage':<16}{median(partial):>8.1f}{np.percentile(partial, 90):>8.1f}")


def parsed_slice(text: str) -> slice:
    begin, _, end = text.partition(":")
    return slice(int(begin or 0), int(end) if end else None)


def arguments() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.robustness")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--others", type=Path, help="photos for references, distractors, collages")
    parser.add_argument("--refs", type=int, default=500)
    parser.add_argument("--slice", type=parsed_slice, default=slice(None), help="e.g. 0:40")
    parser.add_argument("--only", nargs="*", default=(), help="manipulations")
    parser.add_argument("--hard", action="store_true", help="hard negatives instead")
    parser.add_argument("--cache", type=Path, help="folder that keeps signatures between runs")
    parser.add_argument("--save", type=Path)
    parser.add_argument("--load", type=Path, nargs="*", default=())
    return parser.parse_args()


def main() -> None:
    options = arguments()
    rows = load(options.load)
    if options.photos:
        material = gather(options.photos, options.others, options.refs)
        if options.hard:
            new = run_hard(material.photos, options.cache)
        else:
            new = run(material, options.slice, options.only, Local(options.cache))
        rows += saved(new, options.save)
    usual = [row for row in rows if not row.manipulation.startswith("hard")]
    asked = [row for row in usual if row.photo >= 0]
    if asked:
        print_recall(asked)
        print_times(usual)
    print_wrong(rows)


if __name__ == "__main__":
    main()
