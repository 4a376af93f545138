"""The two networks and the maps the recipe reads from them.

``effnetv2m`` is torchvision's EfficientNetV2-M with three classes, the network
of the paper. ``nano`` is a network of 1.25 M parameters of the same family
for tests and quick trials. Both are instances of torchvision's
``EfficientNet``, so weights and names are torchvision's.
"""
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models.efficientnet import EfficientNet, FusedMBConvConfig, MBConvConfig

CLASSES = ("normal", "spondylolysis", "dls")

# Displayed pixels in [0, 1] are centred inside the network, so that whoever
# feeds it (training, onnxruntime) has nothing to remember.
PIXEL_MEAN = 0.35
PIXEL_SCALE = 0.25


@dataclass(frozen=True)
class Architecture:
    """Stages (fused, expand, stride, in, out, depth) and the width of the head.

    ``stage3`` and ``stage_stride16`` are indices into ``features``: the last
    stage at stride 8, whose statistics feed the rejection, and the last stage
    at stride 16, where the dense loss looks for the lesion.
    """

    stages: tuple
    head: int
    stem: int
    stage3: int
    stage_stride16: int


ARCHITECTURES = {
    # Tan & Le, EfficientNetV2 (ICML 2021), table of torchvision's efficientnet_v2_m.
    "effnetv2m": Architecture(
        stages=(
            (True, 1, 1, 24, 24, 3),
            (True, 4, 2, 24, 48, 5),
            (True, 4, 2, 48, 80, 5),
            (False, 4, 2, 80, 160, 7),
            (False, 6, 1, 160, 176, 14),
            (False, 6, 2, 176, 304, 18),
            (False, 6, 1, 304, 512, 5),
        ),
        head=1280,
        stem=24,
        stage3=3,
        stage_stride16=5,
    ),
    "nano": Architecture(
        stages=(
            (True, 1, 1, 16, 16, 1),
            (True, 4, 2, 16, 32, 2),
            (True, 4, 2, 32, 48, 2),
            (False, 4, 2, 48, 80, 3),
            (False, 4, 1, 80, 96, 3),
            (False, 4, 2, 96, 144, 3),
        ),
        head=512,
        stem=16,
        stage3=3,
        stage_stride16=5,
    ),
}


@dataclass
class Maps:
    """What one forward pass yields: maps are (N, C, h, w), logits (N, 3)."""

    stride8: Tensor
    stride16: Tensor
    last: Tensor
    features: Tensor
    cam: Tensor
    logits: Tensor


class LumbarNetwork(nn.Module):
    """torchvision's EfficientNet behind the pixel normalisation.

    The input is (N, 1, S, S) float in [0, 1]; the one channel is repeated
    because the network, and ImageNet's weights for it, expect three.
    """

    def __init__(self, name: str, depths: tuple = ()):
        super().__init__()
        plan = ARCHITECTURES[name]
        self.name = name
        self.plan = plan
        self.depths = tuple(depths) or tuple(stage[5] for stage in plan.stages)
        settings = [
            (FusedMBConvConfig if fused else MBConvConfig)(expand, 3, stride, wide_in, wide_out, depth)
            for (fused, expand, stride, wide_in, wide_out, _), depth in zip(plan.stages, self.depths)
        ]
        # Stochastic depth hides the signal from a network that starts from
        # nothing; torchvision's eps of V2 is kept.
        self.net = EfficientNet(
            settings,
            dropout=0.0,
            stochastic_depth_prob=0.0,
            num_classes=len(CLASSES),
            last_channel=plan.head,
            norm_layer=lambda width: nn.BatchNorm2d(width, eps=1e-3, momentum=0.05),
        )
        # torchvision's uniform start for three classes drowns the signal of
        # the head's many features; from zero the first step follows the data.
        nn.init.zeros_(self.net.classifier[1].weight)
        nn.init.zeros_(self.net.classifier[1].bias)

    @property
    def classifier(self) -> nn.Linear:
        """The linear layer (head -> 3) whose weights also make the map."""
        return self.net.classifier[1]

    def maps(self, image: Tensor) -> Maps:
        """Runs the network and keeps the maps that losses and export need."""
        x = ((image - PIXEL_MEAN) / PIXEL_SCALE).repeat(1, 3, 1, 1)
        if image.is_contiguous(memory_format=torch.channels_last):
            x = x.contiguous(memory_format=torch.channels_last)
        kept = {}
        for index, stage in enumerate(self.net.features):
            x = stage(x)
            if index in (self.plan.stage3, self.plan.stage_stride16):
                kept[index] = x
        features = x.float().mean((2, 3))
        weight = self.classifier.weight.float()
        cam = torch.einsum("nchw,kc->nkhw", x.float(), weight)
        logits = cam.mean((2, 3)) + self.classifier.bias.float()
        return Maps(kept[self.plan.stage3], kept[self.plan.stage_stride16], x, features, cam, logits)

    def forward(self, image: Tensor) -> Tensor:
        return self.maps(image).logits


def parameter_count(model: nn.Module) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in model.parameters())


def last_normalisation(block: nn.Module) -> nn.BatchNorm2d:
    """The batch normalisation that ends a block's residual branch."""
    return [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)][-1]


def grow(shallow: LumbarNetwork) -> LumbarNetwork:
    """The full-depth network that computes exactly what ``shallow`` computes.

    Blocks that the shallow network lacks are appended to their stage with the
    last normalisation's gain at zero: the residual branch starts at zero, the
    block as the identity (Goyal et al. 2017, 5.1), and learns from there. On a
    CPU this reaches the full EfficientNetV2-M at a fraction of the time.
    """
    full = LumbarNetwork(shallow.name)
    kept = shallow.state_dict()
    result = full.load_state_dict(kept, strict=False)
    if result.unexpected_keys:
        raise ValueError(f"not a shallower {shallow.name}: {result.unexpected_keys[:3]}")
    for index, depth in enumerate(shallow.depths, start=1):
        for block in list(full.net.features[index])[depth:]:
            normalisation = last_normalisation(block)
            nn.init.zeros_(normalisation.weight)
            nn.init.zeros_(normalisation.bias)
    return full


def load_imagenet(model: LumbarNetwork, path: str) -> int:
    """Loads a torchvision ``efficientnet_v2_m`` ImageNet file, except its classifier.

    Returns how many tensors were taken; raises when none fits, because a
    silent start from scratch would look like a bad recipe.
    """
    state = torch.load(path, map_location="cpu")
    own = model.net.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape and not k.startswith("classifier")}
    if len(fitting) < len(own) // 2:
        raise ValueError(f"{path} holds no weights for {model.name}: {len(fitting)} of {len(own)} tensors fit")
    model.net.load_state_dict(fitting, strict=False)
    return len(fitting)
