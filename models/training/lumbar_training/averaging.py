"""Exponential moving average of weights and normalisation statistics."""
import copy

import torch
from torch import nn


class Average:
    """A copy of a model that follows it slowly; this is the model that ships.

    The decay rises with the number of updates, so that a short run does not
    carry its first random weights to the end.
    """

    def __init__(self, model: nn.Module, decay: float = 0.998):
        self.model = copy.deepcopy(model).eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, model: nn.Module, steps: int = 1) -> None:
        """Follows ``model`` for ``steps`` optimiser steps at once."""
        self.updates += steps
        decay = min(self.decay, (1 + self.updates) / (20 + self.updates)) ** steps
        for own, new in zip(self.model.state_dict().values(), model.state_dict().values()):
            if own.dtype.is_floating_point:
                own.lerp_(new, 1.0 - decay)
            else:
                own.copy_(new)
