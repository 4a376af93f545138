"""The EfficientNet's layers as recorded steps, in ONNX.

Each method appends nodes and returns a ``Value``: the ONNX name plus how to
carry a gradient back through it. The forward graph ignores the latter; the
stride-16 Grad-CAM graph uses it (``gradcam_graph``).
"""
from dataclasses import dataclass, field
from typing import Callable, List, Tuple

import numpy as np
from torch import nn
from torchvision.models.efficientnet import FusedMBConv, MBConv
from torchvision.ops.misc import SqueezeExcitation

from .networks import PIXEL_MEAN, PIXEL_SCALE, LumbarNetwork
from .onnx_graph import GraphWriter, fold


@dataclass
class Value:
    """A tensor of the graph; ``parents`` pairs each source with its vector-Jacobian product."""

    name: str
    parents: List[Tuple["Value", Callable[[str], str]]] = field(default_factory=list)


class Layers:
    """Appends the layers of torchvision's EfficientNet to a writer."""

    def __init__(self, writer: GraphWriter):
        self.w = writer

    def conv(self, x: Value, weight: np.ndarray, bias: np.ndarray, stride: int, groups: int) -> Value:
        """Convolution with 'same' padding of an odd kernel."""
        w, pad = self.w, weight.shape[2] // 2
        kernel = w.weight(weight)
        attributes = dict(
            kernel_shape=list(weight.shape[2:]), strides=[stride, stride], pads=[pad] * 4, group=groups
        )
        out = w.op("Conv", x.name, kernel, w.constant(bias, "b"), **attributes)

        def vjp(gradient: str) -> str:
            # Even sizes: a stride of 2 needs one more row and column back.
            extra = stride - 1
            return w.op("ConvTranspose", gradient, kernel, output_padding=[extra, extra], **attributes)

        return Value(out, [(x, vjp)])

    def silu(self, x: Value) -> Value:
        """x * sigmoid(x)."""
        w = self.w
        gate = w.op("Sigmoid", x.name)
        out = w.op("Mul", x.name, gate)

        def vjp(gradient: str) -> str:
            # d/dx = gate * (1 + x * (1 - gate)) = gate + y * (1 - gate)
            rest = w.op("Mul", out, w.op("Sub", w.constant(1.0), gate))
            return w.op("Mul", gradient, w.op("Add", gate, rest))

        return Value(out, [(x, vjp)])

    def add(self, a: Value, b: Value) -> Value:
        """Residual sum."""
        out = self.w.op("Add", a.name, b.name)
        return Value(out, [(a, lambda g: g), (b, lambda g: g)])

    def conv_norm_act(self, x: Value, layer: nn.Sequential) -> Value:
        """torchvision's Conv2dNormActivation with the normalisation folded in."""
        conv = layer[0]
        weight, bias = fold(conv, layer[1])
        out = self.conv(x, weight, bias, conv.stride[0], conv.groups)
        return self.silu(out) if len(layer) > 2 else out

    def squeeze_excitation(self, x: Value, layer: SqueezeExcitation) -> Value:
        """x times a gate per channel computed from the channel means."""
        w = self.w
        mean = Value(w.op("GlobalAveragePool", x.name))

        def to_mean(g: str) -> str:
            # Only the backward pass needs the area: left in a forward graph it keeps graphics cards out.
            size = w.op("Slice", w.op("Shape", x.name), *self._spatial())
            return w.op("Div", g, w.op("ReduceProd", w.op("Cast", size, to=1), keepdims=0))

        mean.parents.append((x, to_mean))
        hidden = self.silu(self._pointwise(mean, layer.fc1))
        before = self._pointwise(hidden, layer.fc2)
        gate = w.op("Sigmoid", before.name)

        def gate_vjp(g: str) -> str:
            return w.op("Mul", g, w.op("Mul", gate, w.op("Sub", w.constant(1.0), gate)))

        gated = Value(gate, [(before, gate_vjp)])
        out = w.op("Mul", x.name, gate)

        def to_gate(g: str) -> str:
            return w.op("ReduceSum", w.op("Mul", g, x.name), w.constant(np.array([2, 3], np.int64)), keepdims=1)

        return Value(out, [(x, lambda g: w.op("Mul", g, gate)), (gated, to_gate)])

    def block(self, x: Value, block: nn.Module) -> Value:
        """One (Fused)MBConv block with its residual connection."""
        if not isinstance(block, (MBConv, FusedMBConv)):
            raise TypeError(f"unknown block {type(block).__name__}")
        out = x
        for layer in block.block:
            squeeze = isinstance(layer, SqueezeExcitation)
            out = self.squeeze_excitation(out, layer) if squeeze else self.conv_norm_act(out, layer)
        return self.add(out, x) if block.use_res_connect else out

    def _pointwise(self, x: Value, conv: nn.Conv2d) -> Value:
        return self.conv(x, conv.weight.detach().numpy(), conv.bias.detach().numpy(), 1, 1)

    def _spatial(self):
        return self.w.constant(np.array([2], np.int64)), self.w.constant(np.array([4], np.int64))


@dataclass
class Forward:
    """Names of the graph's key values after ``write_forward``."""

    stride8: Value
    stride16: Value
    last: Value


def write_forward(writer: GraphWriter, model: LumbarNetwork) -> Forward:
    """Appends the network from ``image`` (N,1,S,S) in [0,1] to its last map."""
    layers = Layers(writer)
    centred = writer.op("Sub", "image", writer.constant(PIXEL_MEAN))
    scaled = writer.op("Div", centred, writer.constant(PIXEL_SCALE))
    features = model.net.features
    # Three equal channels: summing the stem's kernels over them is the same
    # network with a third of the first layer's work.
    stem, norm = features[0][0], features[0][1]
    weight, bias = fold(stem, norm)
    x = layers.silu(layers.conv(Value(scaled), weight.sum(1, keepdims=True), bias, stem.stride[0], 1))
    kept = {}
    for index in range(1, len(features) - 1):
        for block in features[index]:
            x = layers.block(x, block)
        kept[index] = x
    last = layers.conv_norm_act(x, features[-1])
    return Forward(kept[model.plan.stage3], kept[model.plan.stage_stride16], last)


def build_classifier_graph(model: LumbarNetwork, size: int, int8: bool):
    """The serving graph: image -> logits, cam, features, stats (see the recipe's README)."""
    model.eval()
    w = GraphWriter(int8)
    forward = write_forward(w, model)
    plan = model.plan
    weight = model.classifier.weight.detach().numpy()
    bias = model.classifier.bias.detach().numpy()
    cam = w.op("Conv", forward.last.name, w.constant(weight[:, :, None, None], "cam_w"), kernel_shape=[1, 1])
    pooled = w.op("Flatten", w.op("GlobalAveragePool", forward.last.name), axis=1)
    logits = w.op("Gemm", pooled, w.constant(weight, "fc_w"), w.constant(bias, "fc_b"), transB=1)
    mean = w.op("ReduceMean", forward.stride8.name, axes=[2, 3], keepdims=1)
    centred = w.op("Sub", forward.stride8.name, mean)
    variance = w.op("ReduceMean", w.op("Mul", centred, centred), axes=[2, 3], keepdims=1)
    spread = w.op("Sqrt", variance)
    stats = w.op("Flatten", w.op("Concat", mean, spread, axis=1), axis=1)
    for value, output in ((logits, "logits"), (cam, "cam"), (pooled, "features"), (stats, "stats")):
        w.rename(value, output)
    channels = plan.stages[plan.stage3 - 1][4]
    grid = size // 32
    inputs = [("image", ["N", 1, size, size])]
    outputs = [
        ("logits", ["N", 3]),
        ("cam", ["N", 3, grid, grid]),
        ("features", ["N", plan.head]),
        ("stats", ["N", 2 * channels]),
    ]
    return w.model(f"lumbar-{model.name}", inputs, outputs)
