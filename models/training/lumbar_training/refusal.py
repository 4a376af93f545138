"""Fits the whole rejection of a package and measures it kind by kind."""
from dataclasses import replace
from typing import Optional

import numpy as np

from .inference import Outputs
from .rejection import Rejection
from .strangers import Discriminant, fit_discriminant

# Of the laterals that set the threshold, this share may be refused by the discriminant.
FALSE_SHARE = 0.005


def discriminate(
    laterals: Outputs, half: np.ndarray, strangers: Outputs, kinds: np.ndarray, false_share: float = FALSE_SHARE
) -> Discriminant:
    """Fitted on the laterals where ``half`` holds and on the strangers; the other laterals set the threshold."""
    fit = fit_discriminant(
        (laterals.stats[half], laterals.features[half]), (strangers.stats, strangers.features), kinds
    )
    held = fit.score(laterals.stats[~half], laterals.features[~half])
    return replace(fit, threshold=float(np.quantile(held, 1.0 - false_share)))


def refusal_by_kind(
    rejection: Rejection, strangers: Outputs, kinds: np.ndarray, without: Optional[dict] = None
) -> dict:
    """Per kind: pictures, share refused in all, by the distances alone, and by a rejection that never met the kind."""
    result = {}
    for kind in dict.fromkeys(kinds):
        mine = kinds == kind
        stats, features = strangers.stats[mine], strangers.features[mine]
        result[str(kind)] = {
            "images": int(mine.sum()),
            "refused": int(rejection.refused(stats, features).sum()),
            "byDistances": int(rejection.too_far(stats, features).sum()),
        }
        if without and kind in without:
            blind = replace(rejection, discriminant=without[kind])
            result[str(kind)]["kindLeftOut"] = int(blind.refused(stats, features).sum())
    return result


def discriminants_without(
    laterals: Outputs, half: np.ndarray, strangers: Outputs, kinds: np.ndarray, false_share: float = FALSE_SHARE
) -> dict:
    """For each kind, the discriminant fitted on all the other kinds."""
    result = {}
    for kind in dict.fromkeys(kinds):
        others = kinds != kind
        kept = Outputs(*(column[others] for column in (strangers.logits, strangers.cam, strangers.features, strangers.stats)))
        result[kind] = discriminate(laterals, half, kept, kinds[others], false_share)
    return result
