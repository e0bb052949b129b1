"""How many paths differ between two images, by what differs.

python -m tests.bench.differences BEFORE AFTER
"""

from __future__ import annotations

import sys
from collections import Counter

from slim import pipeline
from slim.files.options import DEFAULT_OPTIONS
from slim.image.ref import ImageRef


def main() -> None:
    """Print them, the most frequent first."""
    before, after = (ImageRef(name, full=True) for name in sys.argv[1:])
    found = pipeline.verify(before, after, DEFAULT_OPTIONS)
    counts: Counter[str] = Counter()
    total = 0
    for each in found.images:
        counts.update(difference.what for difference in each.proof.differences)
        total += len(each.proof.differences) + each.proof.omitted_differences
    kinds = ", ".join(f"{what}: {count:,}" for what, count in counts.most_common(6))
    print(f"{total:,}" + (f" (of the first {counts.total():,}: {kinds})" if total else ""))


if __name__ == "__main__":
    main()
