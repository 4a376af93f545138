"""The network as it ships: weights rounded to int8 and taken back to float32.

The node loads the int8 file with its weights folded to float32, so a torch
network with the very same rounded weights is the shipped network. Everything
measured (temperature, thresholds, rejection, the model card) is measured on it.
"""
import numpy as np
import torch
from torch import nn

from .networks import LumbarNetwork
from .onnx_graph import INT8_FROM_ELEMENTS, fold, quantise


def folded(model: LumbarNetwork) -> LumbarNetwork:
    """``model`` with its normalisations folded into the convolutions before them (in place)."""
    model.eval()
    for layer in list(model.modules()):
        children = list(layer.named_children())
        for (name, conv), (norm_name, norm) in zip(children, children[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                _replace(layer, name, conv, norm_name, norm)
    return model


def shipped(model: LumbarNetwork) -> LumbarNetwork:
    """``model`` folded, with its large weights rounded (in place)."""
    for conv in folded(model).modules():
        if isinstance(conv, nn.Conv2d) and conv is not model.net.features[0][0]:
            conv.weight.data = torch.from_numpy(_rounded(conv.weight.detach().numpy()))
    return model


def _replace(layer: nn.Module, name: str, conv: nn.Conv2d, norm_name: str, norm: nn.BatchNorm2d) -> None:
    weight, bias = fold(conv, norm)
    folded = nn.Conv2d(
        conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, groups=conv.groups
    )
    folded.weight.data, folded.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
    setattr(layer, name, folded)
    setattr(layer, norm_name, nn.Identity())


def _rounded(weight: np.ndarray) -> np.ndarray:
    if weight.size < INT8_FROM_ELEMENTS or weight.shape[1] == 1:
        return weight
    values, scale = quantise(weight)
    return values.astype(np.float32) * scale.reshape(-1, 1, 1, 1)
