"""Print what Python computes, as JSON, for tests/js/network_core.test.mjs to compare with.

Layers are the package's own in NumPy, resized pictures are Pillow's, refused plans those that
`notmagic.pretrained.plans` refuses, with its words. What Keras computes is compared in tests/test_plans.py.
"""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from typing import Any

import numpy as np
from PIL import Image

from notmagic import layers
from notmagic.datasets import sample_images, stand_in
from notmagic.geometry import receptive_patch
from notmagic.pretrained import plans


def node(name: str, op: str, *sources: str, **more: object) -> dict[str, Any]:
    """Return one node of a plan."""
    return {"name": name, "op": op, **({"from": list(sources)} if sources else {}), **more}


def convolution(name: str, source: str, filters: int, kernel: int, **more: object) -> dict[str, Any]:
    """Return a convolution, stride 1, same padding and no ReLU unless told otherwise."""
    usual = {"filters": filters, "kernel": kernel, "stride": 1, "padding": "same", "relu": False}
    return node(name, "conv", source, **(usual | more))


def pooling(name: str, source: str, kind: str, size: int, stride: int, padding: str) -> dict[str, Any]:
    """Return a pooling node."""
    return node(name, "pool", source, kind=kind, size=size, stride=stride, padding=padding)


# Every operation, both paddings, strides, sides and counts that no tile of four divides.
MIXED = [
    node("input", "input", shape=[13, 11, 3], scale=1 / 64, offset=-1.5),
    convolution("stem", "input", 6, 3, stride=2, relu=True),
    convolution("across", "stem", 7, 2),
    convolution("mix", "across", 6, 1, padding="valid"),
    node("joined", "add", "stem", "mix", relu=True),
    convolution("near", "joined", 6, 3, relu=True),
    pooling("mean", "near", "average", 3, 2, "same"),
    pooling("most", "mean", "max", 2, 1, "valid"),
    convolution("wide", "most", 5, 5),
    pooling("tall", "wide", "max", 2, 2, "same"),
    node("flat", "flatten", "tall"),
    node("again", "dense", "flat", units=5, relu=True),
    node("all", "globalpool", "wide", kind="average"),
    node("top", "globalpool", "wide", kind="max"),
    node("both", "add", "all", "top", relu=False),
    node("sum", "add", "both", "again", relu=False),
    node("logits", "dense", "sum", units=7, relu=False),
]


def encoded(array: np.ndarray | bytes) -> str:
    """Return an array's bytes in base64."""
    return b64encode(array if isinstance(array, bytes) else np.ascontiguousarray(array).tobytes()).decode()


def random_weights(nodes: list[dict[str, Any]], seed: int = 0) -> dict[str, np.ndarray]:
    """Return weights for a plan that keep numbers near 1, float16 already."""
    random = np.random.default_rng(seed)
    return {
        name: (random.normal(size=shape) / np.sqrt(max(1, np.prod(shape[:-1])))).astype(np.float16)
        for name, shape in plans.weight_shapes(nodes).items()
    }


def chapter11() -> dict[str, Any]:
    """Return chapter 11's network, pictures, and each node's maps by the package's NumPy layers."""
    nodes, arrays = plans.plan(), plans.folded_weights()
    pictures = stand_in.draw(train=1, test=4).x_test
    x, maps = pictures.astype(np.float32) / 255, {}
    for node in nodes[1:]:
        layer = {
            "conv": lambda node: layers.Conv2D(node["filters"], node["kernel"]),
            "pool": lambda node: layers.MaxPooling2D(node["size"]),
            "flatten": lambda _: layers.Flatten(),
            "dense": lambda node: layers.Dense(node["units"]),
        }[node["op"]](node)
        layer.build(x.shape)
        for kind, own in zip(("kernel", "bias"), layer.weights, strict=False):
            own[...] = arrays[f"{node['name']}_{kind}"]
        x = np.maximum(layer(x), 0) if node.get("relu") else layer(x)
        maps[node["name"]] = encoded(x.astype(np.float32))
    parameters = sum(array.size for array in arrays.values())
    return {
        "plan": nodes, "weights": encoded(plans.packed_weights()), "parameters": parameters,
        "pictures": encoded(pictures), "maps": maps,
    }  # fmt: skip


def shipped() -> dict[str, Any]:
    """Return plan and weights of each network that pages run."""
    return {
        name: {"plan": plans.plan(name), "weights": encoded(plans.packed_weights(name))}
        for name in ("cifar10_chapter11", "cifar10_chapter12")
    }


def mixed() -> dict[str, Any]:
    """Return a network with every operation, its weights apart and packed, and a picture."""
    arrays = random_weights(MIXED)
    ones = {name: np.full_like(array, name.endswith("_kernel")) for name, array in arrays.items()}
    return {
        "plan": MIXED,
        "shapes": {name: list(shape) for name, shape in plans.plan_shapes(MIXED).items()},
        "weights": encoded(plans.pack(MIXED, arrays)),
        "arrays": {name: array.astype(float).ravel().tolist() for name, array in arrays.items()},
        "ones": encoded(plans.pack(MIXED, ones)),
        "picture": np.random.default_rng(1).integers(0, 256, 13 * 11 * 3).tolist(),
    }


def patches() -> list[dict[str, Any]]:
    """Return what units of chapter 11's maps see, from `notmagic.geometry`."""
    steps, rows = [], []
    for node in plans.plan()[1:6]:
        steps.append((node.get("kernel") or node["size"], node["stride"]))
        side = plans.plan_shapes(plans.plan())[node["name"]][0]
        for row, column in ((0, 0), (side // 2, side - 1)):
            down, across = receptive_patch(32, steps, (row, column))
            patch = {"top": down.start, "left": across.start}
            patch |= {"height": down.stop - down.start, "width": across.stop - across.start}
            rows.append({"name": node["name"], "row": row, "col": column, "patch": patch})
    return rows


def refused() -> list[dict[str, Any]]:
    """Return plans that are none, and why."""
    rows: list[dict[str, Any]] = []

    def add(nodes: Any) -> None:
        try:
            plans.check_plan(nodes)
        except ValueError as error:
            rows.append({"plan": nodes, "message": str(error)})
        else:
            raise AssertionError(f"this plan was accepted: {nodes}")

    def changed(which: str, **values: object) -> None:
        nodes = copy.deepcopy(MIXED)
        next(node for node in nodes if node["name"] == which).update(values)
        add(nodes)

    def without(which: str, key: str) -> None:
        nodes = copy.deepcopy(MIXED)
        del next(node for node in nodes if node["name"] == which)[key]
        add(nodes)

    for nodes in ([], MIXED[:1], {"name": "input"}, "conv", None, [MIXED[0], 3], [MIXED[0], {"op": "dense"}]):
        add(nodes)
    add(MIXED[1:])
    add([MIXED[0], *MIXED])
    add([MIXED[0], {**MIXED[0], "name": "second"}])
    add(MIXED[:3])
    for value in (None, "convolution", 3, ["conv"]):
        changed("stem", op=value)
    for value in (0, -1, 2.5, "3", None, True, [3, 3]):
        changed("stem", kernel=value)
        changed("mean", size=value)
        changed("logits", units=value)
    without("stem", "padding")
    without("stem", "filters")
    without("most", "kind")
    without("joined", "relu")
    without("input", "scale")
    without("input", "shape")
    without("mix", "op")
    without("mix", "from")
    changed("mix", padding="full")
    changed("all", kind="median")
    changed("again", relu=1)
    changed("input", shape=[32, 32])
    changed("input", offset="0")
    changed("joined", **{"from": ["stem"]})
    changed("mix", **{"from": "across"})
    changed("mix", **{"from": ["logits"]})
    changed("mix", **{"from": [4]})
    changed("input", **{"from": ["stem"]})
    changed("mix", name="stem")
    changed("mix", filters=8)
    changed("again", **{"from": ["tall"]})
    changed("flat", **{"from": ["top"]})
    changed("all", **{"from": ["again"]})
    changed("most", size=5)
    changed("most", name='größte "Zahl"', size=9)
    return rows


def halves() -> str:
    """Return all 65,536 float16 numbers as float32."""
    with np.errstate(invalid="ignore"):
        return encoded(np.arange(65536, dtype="<u2").view("<f2").astype("<f4"))


def _resized(rgba: np.ndarray) -> dict[str, Any]:
    height, width = rgba.shape[:2]
    picture = Image.fromarray(rgba, "RGBA")
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    opaque = Image.alpha_composite(white, picture).convert("RGB")
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    square = opaque.crop((left, top, left + side, top + side))
    small = square.resize((32, 32), Image.Resampling.BILINEAR)
    return {
        "width": width, "height": height, "rgba": encoded(rgba), "rgb": encoded(np.asarray(small)),
        "crop": {"left": left, "top": top, "side": side},
    }  # fmt: skip


def resized() -> list[dict[str, Any]]:
    """Return pictures of many sizes as Pillow resizes them: noise, edges, photographs, transparent ones."""
    random, rows = np.random.default_rng(7), []
    sizes = [(1, 1), (2, 3), (5, 40), (31, 31), (32, 32), (33, 32), (32, 90), (64, 64), (65, 47), (100, 37),
             (127, 256), (300, 200), (640, 481), (1001, 999)]  # fmt: skip
    for height, width in sizes:
        noise = random.integers(0, 256, (height, width, 4), dtype=np.uint8)
        opaque = noise.copy()
        opaque[..., 3] = 255
        edges = np.where(opaque > 127, 255, 0).astype(np.uint8)
        edges[..., 3] = 255
        rows += [_resized(part) for part in (opaque, edges, noise)[: 3 if height < 300 else 1]]
    for picture in sample_images().values():
        if picture.ndim == 3:
            rows.append(_resized(np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])))
    return rows


if __name__ == "__main__":
    tables = (chapter11, shipped, mixed, patches, refused, halves, resized)
    print(json.dumps({make.__name__: make() for make in tables}))
