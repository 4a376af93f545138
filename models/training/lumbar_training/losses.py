"""What the network is asked for: the class, and where the finding is.

Class labels alone leave a network that starts from nothing at chance for
tens of thousands of images. Where the lesion point is known (always in
simulated images), each tapped map must also answer "what and where" at once.
"""
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .networks import LumbarNetwork, Maps


class DenseHead(nn.Module):
    """Two maps (spondylolysis, DLS) from a feature map, and one score for "nowhere"."""

    def __init__(self, channels: int):
        super().__init__()
        self.maps = nn.Conv2d(channels, 2, 1)
        self.nowhere = nn.Parameter(torch.zeros(1))
        nn.init.zeros_(self.maps.weight)
        nn.init.zeros_(self.maps.bias)

    def loss(self, features: Tensor, labels: Tensor, near: Tensor) -> Tensor:
        """Negative log-likelihood of one softmax over every class and cell plus "nowhere".

        ``near`` (n, h, w) weighs the cells around the lesion (1 at it), zero
        where no point is known: then any cell of the right class will do.
        """
        n = len(labels)
        scores = self.maps(features.float())
        flat = torch.cat([scores.flatten(1), self.nowhere.float().expand(n, 1)], 1)
        log_p = F.log_softmax(flat, 1)
        cells = scores[0, 0].numel()
        unknown = near.flatten(1).amax(1, keepdim=True) <= 0
        weights = torch.where(unknown, torch.ones_like(near.flatten(1)), near.flatten(1))
        finding = (labels - 1).clamp(min=0)
        chosen = log_p[:, :-1].view(n, 2, cells)[torch.arange(n), finding]
        where = torch.logsumexp(chosen + torch.log(weights + 1e-6), 1)
        return -torch.where(labels == 0, log_p[:, -1], where).mean()


def nearness(lesion: np.ndarray, size: int, grid: int, spread: float) -> Tensor:
    """(n, grid, grid) Gaussians around lesion points (input pixels), in cells; zero for NaN points."""
    centres = (np.arange(grid) + 0.5) * size / grid
    sigma = spread * size / grid
    dx = (centres[None] - lesion[:, :1]) / sigma
    dy = (centres[None] - lesion[:, 1:]) / sigma
    weights = np.exp(-0.5 * (dy[:, :, None] ** 2 + dx[:, None, :] ** 2))
    return torch.as_tensor(np.nan_to_num(weights), dtype=torch.float32)


def map_location_loss(cam: Tensor, labels: Tensor, near: Tensor) -> Tensor:
    """Asks the true finding's class map, the one shown as Grad-CAM, to peak at the lesion."""
    known = near.flatten(1).amax(1) > 0
    if not known.any():
        return cam.new_zeros(())
    chosen = cam[known, labels[known]].flatten(1)
    log_p = F.log_softmax(chosen, 1)
    return -torch.logsumexp(log_p + torch.log(near[known].flatten(1) + 1e-6), 1).mean()


def fine_class_maps(maps: Maps, labels: Tensor) -> Tensor:
    """(N, h, w): Grad-CAM of ``labels`` at the last stride-16 map before its ReLU, differentiable.

    Selvaraju et al., ICCV 2017, times the number of cells: so it stands on the
    scale of the class maps, whose mean is the class's score.
    """
    score = maps.logits.gather(1, labels[:, None]).sum()
    (gradient,) = torch.autograd.grad(score, maps.stride16, create_graph=True)
    alpha = gradient.float().sum((2, 3), keepdim=True)
    return (alpha * maps.stride16.float()).sum(1)


class Criterion(nn.Module):
    """The weighted sum of class loss, two dense losses and the maps' location losses.

    With ``fine`` the Grad-CAM of the second graph (stride 16) is asked to peak
    at the lesion too. Nothing else makes it: its weights are gradients through
    all later blocks. It needs second derivatives, and normalisations that stand
    still: one that follows the batch takes the batch's mean out of a gradient,
    and that mean is what Grad-CAM weighs with.
    """

    def __init__(self, model: LumbarNetwork, dense: float = 0.5, location: float = 0.2, smoothing: float = 0.02):
        super().__init__()
        plan = model.plan
        self.fine = False
        self.dense, self.location, self.smoothing = dense, location, smoothing
        self.stride8 = DenseHead(plan.stages[plan.stage3 - 1][4])
        self.stride16 = DenseHead(plan.stages[plan.stage_stride16 - 1][4])

    def forward(self, maps: Maps, labels: Tensor, lesion: np.ndarray, size: int):
        """(loss, parts) where parts are floats for the log."""
        near = {m.shape[-1]: None for m in (maps.stride8, maps.stride16, maps.cam)}
        for grid, spread in zip(near, (1.5, 1.0, 0.5)):
            near[grid] = nearness(lesion, size, grid, spread).to(labels.device)
        image = F.cross_entropy(maps.logits, labels, label_smoothing=self.smoothing)
        at8 = self.stride8.loss(maps.stride8, labels, near[maps.stride8.shape[-1]])
        at16 = self.stride16.loss(maps.stride16, labels, near[maps.stride16.shape[-1]])
        place = map_location_loss(maps.cam, labels, near[maps.cam.shape[-1]])
        total = image + self.dense * (0.5 * at8 + at16) + self.location * place
        parts = {"class": image, "dense8": at8, "dense16": at16, "map": place}
        if self.fine:
            only = fine_class_maps(maps, labels)[:, None]
            fine = map_location_loss(only, torch.zeros_like(labels), near[maps.stride16.shape[-1]])
            total, parts["fine"] = total + self.location * fine, fine
        return total, {name: float(value.detach()) for name, value in parts.items()}
