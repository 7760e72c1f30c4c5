from __future__ import annotations

import sys
from pathlib import Path

# Scripts find what they share as `lib`, as they do when they are run.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
