"""What Python computes of networks, pictures, files: network_explorer.test.mjs and browser tests compare.

Networks run here as sums over windows in NumPy, one operation at a time, apart from all other code.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from notmagic.geometry import pad_amounts
from notmagic.pretrained import plans
from notmagic.widgets import NetworkExplorer
from notmagic.widgets.network_explorer import GREY, MOST_PICTURES, SIDE, UNSHOWN

# Every operation, on pictures of 32 x 32: a small residual network.
_CONV = {"op": "conv", "kernel": 3, "stride": 1, "padding": "same", "relu": True}
_ONE = {"filters": 12, "kernel": 1, "padding": "valid", "relu": False}
_MEAN = {"op": "pool", "kind": "average", "size": 3, "stride": 2, "padding": "same"}
_MOST = {"op": "pool", "kind": "max", "size": 2, "stride": 2, "padding": "valid"}
RESIDUAL = [
    {"name": "input", "op": "input", "shape": [32, 32, 3], "scale": 1 / 128, "offset": -1},
    {**_CONV, "name": "stem", "from": ["input"], "filters": 12, "stride": 2},
    {**_CONV, "name": "across", "from": ["stem"], "filters": 15, "relu": False},
    {**_CONV, **_ONE, "name": "mix", "from": ["across"]},
    {"name": "joined", "op": "add", "from": ["stem", "mix"], "relu": True},
    {**_MEAN, "name": "mean", "from": ["joined"]},
    {**_CONV, "name": "deep", "from": ["mean"], "filters": 20, "padding": "valid"},
    {**_MOST, "name": "most", "from": ["deep"]},
    {"name": "all", "op": "globalpool", "from": ["most"], "kind": "average"},
    {"name": "flat", "op": "flatten", "from": ["most"]},
    {"name": "hidden", "op": "dense", "from": ["flat"], "units": 20, "relu": True},
    {"name": "both", "op": "add", "from": ["all", "hidden"], "relu": False},
    {"name": "logits", "op": "dense", "from": ["both"], "units": 10, "relu": False},
]


def residual_weights() -> dict[str, np.ndarray]:
    """Random weights of the residual network that keep its numbers near 1; float16 already."""
    random = np.random.default_rng(5)
    return {
        name: (1.5 * random.normal(size=shape) / np.sqrt(max(1, np.prod(shape[:-1])))).astype(np.float16)
        for name, shape in plans.weight_shapes(RESIDUAL).items()
    }


def residual() -> tuple[list[dict], bytes]:
    """Return the residual network as the widget takes it."""
    return RESIDUAL, plans.pack(RESIDUAL, residual_weights())


def _windows(node: dict, x: np.ndarray, empty: float = 0) -> np.ndarray:
    """Windows of a map: (rows, columns, C, size, size); what is outside of the map is `empty`."""
    size = node.get("kernel", node.get("size"))
    pads = [pad_amounts(side, size, node["stride"], node["padding"]) for side in x.shape[:2]]
    padded = np.pad(x, [*pads, (0, 0)], constant_values=empty)
    return sliding_window_view(padded, (size, size), axis=(0, 1))[:: node["stride"], :: node["stride"]]


def forward(nodes: list[dict], arrays: dict[str, np.ndarray], picture: np.ndarray) -> dict[str, np.ndarray]:
    """Run a network on a picture, uint8 (32, 32, 3): what each node gives, in float64."""
    maps: dict[str, np.ndarray] = {}
    for node in nodes:
        name, op = node["name"], node["op"]
        inputs = [maps[source] for source in node.get("from", ())]
        parts = (arrays.get(f"{name}_{part}", np.zeros(1)) for part in ("kernel", "bias"))
        kernel, bias = (part.astype(float) for part in parts)
        if op == "input":
            out = picture * float(node["scale"]) + node["offset"]
        elif op == "conv":
            out = np.einsum("rcdij,ijdf->rcf", _windows(node, inputs[0]), kernel) + bias
        elif op == "pool":
            pool = np.nanmax if node["kind"] == "max" else np.nanmean
            out = pool(_windows(node, inputs[0], np.nan), axis=(3, 4))
        elif op == "add":
            out = inputs[0] + inputs[1]
        elif op == "globalpool":
            out = inputs[0].max(axis=(0, 1)) if node["kind"] == "max" else inputs[0].mean(axis=(0, 1))
        elif op == "flatten":
            out = inputs[0].ravel()
        else:
            out = inputs[0] @ kernel + bias
        maps[name] = np.maximum(out, 0) if node.get("relu") else out
    return maps


def arrays_of(name: str) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Return plan and weights of a network: the residual one, or one of the package's."""
    if name == "residual":
        return RESIDUAL, residual_weights()
    return plans.plan(name), plans.folded_weights(name)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of the classes."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def at_32(picture: np.ndarray) -> np.ndarray:
    """Shrink the middle square of a picture, uint8 (H, W, 3), to 32 x 32 as Pillow does it."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def shown_by(widget: NetworkExplorer) -> dict[str, np.ndarray]:
    """Run the widget's network on its picture with the grey pixels in it."""
    picture = at_32(widget.image()).copy()
    picture[widget.mask()] = GREY
    return forward(*arrays_of(widget.network), picture)


# ------------------------------------------------------------------------------------------------ the table


def _coded(data: bytes) -> str:
    return b64encode(data).decode()


def units() -> dict:
    """What goes into some units of both networks, input channel by input channel."""
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    networks = []
    for name in ("residual", "cifar10_chapter11"):
        nodes, arrays = arrays_of(name)
        maps = forward(nodes, arrays, picture)
        negative = _negative(nodes)
        rows = []
        for node in nodes:
            if node["op"] not in ("conv", "dense"):
                continue
            kernel = arrays[f"{node['name']}_kernel"].astype(float)
            source, out = maps[node["from"][0]], maps[node["name"]]
            for index in (0, out.size // 2, out.size - 1):
                place = np.unravel_index(index, out.shape)
                if node["op"] == "conv":
                    window = _windows(node, source)[place[0], place[1]]  # (C, k, k)
                    parts = np.einsum("dij,ijd->d", window, kernel[..., place[2]])
                else:
                    before = next(one for one in nodes if one["name"] == node["from"][0])
                    depth = maps[before["from"][0]].shape[-1] if before["op"] == "flatten" else source.size
                    parts = (source * kernel[:, index]).reshape(-1, depth).sum(axis=0)
                rows.append({"name": node["name"], "index": index, "parts": parts.tolist()})
        weights = plans.pack(nodes, arrays)
        networks.append({
            "plan": nodes, "weights": _coded(weights), "rows": rows,
            "negative": {key: key in negative for key in maps},
        })  # fmt: skip
    return {"picture": picture.ravel().tolist(), "networks": networks}


def _negative(nodes: list[dict]) -> set[str]:
    """Try: the nodes that are negative anywhere, for some random weights and pictures."""
    random, found = np.random.default_rng(2), set()
    for _ in range(4):
        arrays = {name: random.normal(size=shape) for name, shape in plans.weight_shapes(nodes).items()}
        maps = forward(nodes, arrays, random.integers(0, 256, (32, 32, 3)))
        found |= {name for name, values in maps.items() if values.min() < 0}
    return found


def masks() -> list[dict]:
    """Return masks as the trait holds them and as Python reads them."""
    random, rows = np.random.default_rng(3), []
    widget = NetworkExplorer()
    for _ in range(5):
        widget.covered = [int(bits) for bits in random.integers(0, 2**32, 32)]
        rows.append({"covered": widget.covered, "mask": widget.mask().astype(int).ravel().tolist()})
    return rows


def picture_file(picture: np.ndarray | list[np.ndarray], kind: str, **more: object) -> bytes:
    """Write a picture, or several as an animation, as a file of a kind such as ``"PNG"``."""
    frames = [Image.fromarray(one) for one in (picture if isinstance(picture, list) else [picture])]
    file = io.BytesIO()
    rest = {"save_all": True, "append_images": frames[1:], "duration": 100} if len(frames) > 1 else {}
    frames[0].save(file, kind, **rest, **more)
    return file.getvalue()


def files() -> list[dict]:
    """Pictures and animations as files."""
    random = np.random.default_rng(4)
    frames = [random.integers(0, 256, (20, 24, 3)).astype(np.uint8) for _ in range(3)]
    rows = []
    for kind in ("GIF", "PNG", "WEBP"):
        write = partial(picture_file, kind=kind)
        for picture in (frames[0], frames):
            rows.append({"kind": kind, "data": _coded(write(picture)), "animated": picture is frames})
    for kind, more in (("JPEG", {}), ("WEBP", {"lossless": True})):
        data = picture_file(frames[0], kind, **more)
        rows.append({"kind": kind, "data": _coded(data), "animated": False})
    return rows


def limits() -> dict:
    """Return what both sides must agree on."""
    layers = {"residual": plans.plan_shapes(RESIDUAL), "cifar10_chapter11": plans.plan_shapes(plans.plan())}
    ops = {node["name"]: node["op"] for node in [*RESIDUAL, *plans.plan()]}
    shown = {key: [name for name in shapes if ops[name] not in UNSHOWN] for key, shapes in layers.items()}
    return {"grey": GREY, "most": MOST_PICTURES, "layers": shown}


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (units, masks, files, limits)}))
