"""The phases each network is trained in.

Small windows around the lumbosacral spine come first: the finding is large in
them and a step is cheap. Depth grows next, and whole images come last, at the
very size that serving uses, so that the last word on the class, the map and
the normalisation statistics is spoken on what the node will see. The phase
"settle" freezes those statistics and teaches the finer map where to point.
"""
from dataclasses import dataclass
from typing import Tuple

from .augment import Window


@dataclass(frozen=True)
class Phase:
    """``depths`` empty = full depth; ``images`` and ``minutes``: whichever ends first (0 = no limit).

    ``settle``: starts from the average so far, normalisation statistics stand
    still, and the stride-16 Grad-CAM is trained as well (``losses.Criterion``).
    """

    name: str
    window: Window
    batch: int
    images: int
    rate: float
    final_rate: float
    depths: Tuple[int, ...] = ()
    minutes: float = 0.0
    settle: bool = False


RECIPES = {
    "nano": (
        Phase("near", Window(150, 250, 160), 32, 40_000, 2e-3, 4e-4),
        Phase("wide", Window(230, 330, 256), 32, 16_000, 8e-4, 2e-4),
        Phase("whole", Window(310, 330, 320), 32, 10_000, 3e-4, 5e-5),
        Phase("settle", Window(310, 330, 320), 32, 2_000, 1e-4, 1e-6, settle=True),
    ),
    "effnetv2m": (
        Phase("near", Window(130, 220, 160), 16, 45_000, 1e-3, 4e-4, depths=(2, 2, 2, 2, 2, 2, 2)),
        Phase("whole", Window(270, 330, 320), 16, 14_000, 5e-4, 1.5e-4, depths=(2, 2, 2, 2, 2, 2, 2)),
        Phase("deep", Window(300, 330, 320), 16, 7_000, 2e-4, 5e-5),
        Phase("settle", Window(310, 330, 320), 16, 1_000, 5e-5, 1e-6, settle=True),
    ),
}
