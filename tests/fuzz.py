"""`make fuzz`: what reads and writes people's words, against whatever comes up. Finds become tests."""

from __future__ import annotations

import sys
import time

from hypothesis import HealthCheck, Phase, settings

from tests.adapters.test_rich import PROPERTIES


def main(seconds: float) -> int:
    until = time.monotonic() + seconds
    thorough = settings(
        max_examples=1_000,
        deadline=None,
        derandomize=False,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    properties = [thorough(holds) for holds in PROPERTIES]
    rounds = 0
    while time.monotonic() < until:
        for holds in properties:
            holds()
        rounds += 1
    print(f"{rounds * 1_000 * len(PROPERTIES)} tried, nothing found.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1])))
