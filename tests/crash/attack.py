"""Every write fails, and after every write the power is cut: nothing told as saved is lost, and nothing half is sound.

    python -m tests.crash.attack [--only WORK] [--every N] [--seed N]         `make crash`

Exhaustive: every call, each way. `test_disk` tries a sample of it. Prints a table; the exit status is 1 where something
was lost.
"""

import argparse
import gc
import random
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .disk import HAS_LAYER, Disk, Fault, restored
from .works import TOLD, WORKS, Work, began, course

CUTS = ("synced", "names", "all", "some", "some")
"""What a power cut leaves; of the last, two samples."""
FAULTS = ("full once", "full", "torn once", "broken once", "broken")


@dataclass(frozen=True, slots=True)
class Lost:
    """What fell."""

    work: str
    how: str
    number: int
    why: str


def power_cuts(work: Work, folder: Path, chance: random.Random, every: int, counts: dict[str, int]) -> Iterator[Lost]:
    """Do a work once, and cut the power after every n-th of its calls; yield what falls."""
    disk = Disk(began(work, folder / "whole"))
    whole = course(work, folder / "whole", disk)
    first = chance.randrange(every)
    for number in range(first, len(disk.calls) + 1, every):
        told = [call.told for call in disk.calls[:number] if call.kind == "told"]
        for at, how in enumerate(CUTS):
            counts["cuts"] = counts.get("cuts", 0) + 1
            left = restored(disk.left(number, how, chance), folder / "whole", folder / f"cut {number} {at}")
            yield from _fallen(work, f"power cut, {how}", number, left, told, whole)
            shutil.rmtree(left)


def faults(work: Work, folder: Path, chance: random.Random, every: int, counts: dict[str, int]) -> Iterator[Lost]:
    """Do a work as often as it has calls that can fail, each time another one fails; yield what falls."""
    fresh = began(work, folder / "fresh")
    disk = Disk(Path(shutil.copytree(fresh, folder / "counted")))
    whole = course(work, folder / "counted", disk)
    for how in FAULTS:
        for number in range(1 + chance.randrange(every), disk.writes + 1, every):
            counts["faults"] = counts.get("faults", 0) + 1
            place = Path(shutil.copytree(fresh, folder / f"{how} {number}"))
            fault = Fault(number, lasting="once" not in how, is_full="broken" not in how, torn="torn" in how)
            faulty = Disk(place, fault)
            try:
                course(work, place, faulty)
            except TOLD as error:
                if "\n" in str(error) or not str(error):
                    yield Lost(work.name, how, number, f"not one sentence: {error!r}")
                if work.is_repeated and "once" in how:
                    yield Lost(work.name, how, number, f"it cannot be repeated: {error}")
            except Exception:  # noqa: BLE001 - a finding
                yield Lost(work.name, how, number, traceback.format_exc())
            if work.leaves_files:
                with warnings.catch_warnings(action="ignore"):
                    gc.collect()
            told = [call.told for call in faulty.calls if call.kind == "told"]
            # As it is, and as a power cut leaves it then.
            left = restored(faulty.left(len(faulty.calls), "synced", chance), place, folder / f"{how} {number} cut")
            yield from _fallen(work, f"{how}, then power cut", number, left, told, whole)
            yield from _fallen(work, how, number, place, told, whole)
            shutil.rmtree(left)
            shutil.rmtree(place)


def _fallen(work: Work, how: str, number: int, left: Path, told: list[Any], whole: list[Any]) -> Iterator[Lost]:
    try:
        work.check(left, told, whole)
    except Exception:  # noqa: BLE001 - a finding
        yield Lost(work.name, how, number, traceback.format_exc())


def main() -> None:
    """Try all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[work.name for work in WORKS])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = parser.parse_args()
    print(f"seed {given.seed}" + ("" if HAS_LAYER else "; SQLite's own writes cannot fail here"), flush=True)
    print(f"{'file':<20}{'power cuts':>12}{'faults':>9}{'lost':>7}{'seconds':>9}", flush=True)
    failed = False
    for work in WORKS:
        if given.only not in (None, work.name):
            continue
        chance, counts, begun = random.Random(given.seed), dict[str, int](), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
            found = []
            for number, attack in enumerate((power_cuts, faults)):
                place = Path(folder) / str(number)
                place.mkdir()
                found += attack(work, place, chance, given.every, counts)
        seconds = time.monotonic() - begun
        cuts, failures = counts.get("cuts", 0), counts.get("faults", 0)
        print(f"{work.name:<20}{cuts:>12,}{failures:>9,}{len(found):>7,}{seconds:>9.0f}", flush=True)
        for one in found[:5]:
            print(f"-- {one.how}, call {one.number}\n{one.why}", flush=True)
        failed = failed or bool(found)
    sys.exit(failed)


if __name__ == "__main__":
    main()
