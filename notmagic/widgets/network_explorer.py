"""NetworkExplorer: a trained network that runs in the page; every map, every unit's arithmetic, a grey brush.

The Python side holds the state and checks it; ``network_explorer.js`` runs the network with the arithmetic
of ``network_core.js`` and answers the reader, with or without a kernel. A reader's own picture stays in the
page: no trait carries it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import anywidget
import numpy as np
import traitlets

from notmagic.widgets._checks import checked_flag, checked_name, checked_whole, laid_end_to_end, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["NetworkExplorer"]

SIDE = 32  # of the picture that the network gets, in pixels
LARGEST_PICTURE = 64
MOST_PICTURES = 8
LARGEST_WEIGHTS = 300_000  # bytes of one network
GREY = 128  # what the brush paints
#: Nodes of a plan that are no layer of their own to look at: the picture, and maps laid end to end.
UNSHOWN = ("input", "flatten")


# ------------------------------------------------------------------------------------------- the pictures


def _default_pictures() -> list[tuple[str, np.ndarray, str]]:
    """Return photographs that come with scikit-image and scikit-learn, and drawings of the stand-in."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    from notmagic.datasets import sample_images

    samples = sample_images()
    horse = np.pad(255 * data.horse().astype(np.uint8), ((36, 36), (0, 0)), constant_values=255)
    flower = load_sample_image("flower.jpg")[:400, 150:550]
    drawn = "a drawing of this course"
    return [
        ("cat", samples["cat"], "Stefan van der Walt, CC0"),
        ("horse", _shrunk(horse), "Andreas Preuss, CC0"),
        ("rocket", samples["rocket"], "SpaceX, public domain"),
        ("flower", _shrunk(flower), "vultilion, CC BY 2.0, cut and shrunk"),
        ("ship", _drawing("ship", 18), drawn),
        ("aeroplane", _drawing("airplane", 5), drawn),
        ("truck", _drawing("truck", 20), drawn),
    ]


def _shrunk(square: np.ndarray) -> np.ndarray:
    """Shrink a square picture to 64 x 64, each pixel the mean of those it takes the place of."""
    from PIL import Image

    side = (LARGEST_PICTURE, LARGEST_PICTURE)
    return np.asarray(Image.fromarray(square).convert("RGB").resize(side, Image.Resampling.BOX))


def _drawing(name: str, which: int) -> np.ndarray:
    """Return one drawing of a class, found by eye: uint8 (32, 32, 3)."""
    from notmagic.datasets.stand_in import draw_class

    return draw_class(name, 24, np.random.default_rng(1))[which]


def _checked_pictures(pictures: object) -> list[tuple[str, np.ndarray, str]]:
    """Return pictures as (name, uint8 array of shape (height, width, 3), credit)."""
    if pictures is None:
        pictures = _default_pictures()
    is_list = isinstance(pictures, (list, tuple))
    if not is_list or not 1 <= len(pictures) <= MOST_PICTURES:
        found = f"of length {len(pictures)}" if is_list else type(pictures).__name__
        raise ValueError(
            f"pictures is {found}; expected a list of 1 to {MOST_PICTURES} triples (name, array, credit)"
        )
    return [_checked_picture(index, picture) for index, picture in enumerate(pictures)]


def _checked_picture(index: int, picture: object) -> tuple[str, np.ndarray, str]:
    if not isinstance(picture, (list, tuple)) or len(picture) != 3:
        raise ValueError(f"pictures[{index}] is {type(picture).__name__}; expected (name, array, credit)")
    name, values, credit = picture
    for what, text in (("name", name), ("credit", credit)):
        if not isinstance(text, str) or (what == "name" and not text):
            raise ValueError(f"the {what} of pictures[{index}] is {text!r}; expected a text")
    array = np.asarray(values)
    shape = array.shape
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] != 3 or not all(1 <= n <= LARGEST_PICTURE for n in array.shape[:2]):
        raise ValueError(
            f"picture {name!r} has shape {shape}; expected (height, width, 3), or (height, width) for grey, "
            f"with sides of at most {LARGEST_PICTURE}: shrink a larger one first"
        )
    if array.dtype != np.uint8:
        raise ValueError(
            f"picture {name!r} has numbers of type {array.dtype}; expected uint8, 0 to 255; for pixels "
            "between 0 and 1 pass (255 * array).round().astype('uint8')"
        )
    return name, array, credit


# ------------------------------------------------------------------------------------------- the networks


def _taken_networks(network: object) -> list[dict]:
    """Return the networks as dicts with name, label, plan, weights (bytes) and accuracy (or None)."""
    if isinstance(network, Mapping) and network:
        return [_given(str(name), *_checked_given(str(name), parts)) for name, parts in network.items()]
    names = [network] if isinstance(network, str) else network
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(one, str) for one in names):
        raise ValueError(
            f"network is {network!r}; expected the name of a trained network such as 'cifar10_chapter11', a "
            "list of such names, or a dict {name: (plan, weights as float16 bytes)}"
        )
    if len(set(names)) < len(names):
        raise ValueError(f"network is {network!r}; expected each name once")
    return [_stored(name) for name in names]


def _stored(name: str) -> dict:
    """Return a network of `notmagic.pretrained`."""
    from notmagic.pretrained import history, plans

    accuracy = history(name)["files"].get(f"{name}.npz", {}).get("test_accuracy")
    chapter = re.fullmatch(r"cifar10_chapter(\d+)", name)
    label = f"chapter {chapter[1]}" if chapter else name
    return _given(name, plans.plan(name), plans.packed_weights(name), label, accuracy)


def _checked_given(name: str, parts: object) -> tuple[list[dict], bytes]:
    if not isinstance(parts, (list, tuple)) or len(parts) != 2 or not isinstance(parts[1], bytes):
        raise ValueError(f"network[{name!r}] is {type(parts).__name__}; expected (plan, weights as bytes)")
    return parts[0], parts[1]


def _given(
    name: str, plan: list[dict], weights: bytes, label: str | None = None, accuracy: float | None = None
) -> dict:
    """Check a network and return it with the shapes of its layers."""
    from notmagic.pretrained import plans

    shapes = plans.plan_shapes(plan)
    taken = shapes[plan[0]["name"]]
    if taken != (SIDE, SIDE, 3):
        raise ValueError(f"network {name!r} takes {taken}; expected one for pictures of ({SIDE}, {SIDE}, 3)")
    parameters = sum(int(np.prod(shape)) for shape in plans.weight_shapes(plan).values())
    if len(weights) != 2 * parameters:
        raise ValueError(
            f"the weights of network {name!r} are {len(weights):,} bytes; expected {2 * parameters:,}, two "
            "for each parameter of its plan; pack them with notmagic.pretrained.plans.pack"
        )
    if len(weights) > LARGEST_WEIGHTS:
        raise ValueError(
            f"the weights of network {name!r} are {len(weights):,} bytes; a page takes at most "
            f"{LARGEST_WEIGHTS:,}, which is {LARGEST_WEIGHTS // 2:,} parameters in float16"
        )
    shown = {node["name"]: shapes[node["name"]] for node in plan if node["op"] not in UNSHOWN}
    return {
        "name": name, "label": label or name, "plan": plan, "weights": weights, "accuracy": accuracy,
        "shapes": shown,
    }  # fmt: skip


# --------------------------------------------------------------------------------------------- the widget


class NetworkExplorer(anywidget.AnyWidget):
    """Run a trained network in the page, on these pictures or the reader's, and look at each of its numbers.

    The reader chooses a picture, guesses the answer, sees the probabilities and each layer's feature maps,
    chooses a unit and sees the patch and the arithmetic behind it, and covers pixels with grey to see the
    answer change. A picture of the reader's own never leaves the page, nor does it reach Python. Its middle
    square becomes 32 x 32 pixels as by Pillow's ``resize`` with ``Resampling.BILINEAR``, to within one level
    of 255. A square of more than 2,048 pixels a side is first shrunk by the browser; the result, tested with
    a smooth picture, is within four levels.

    Parameters
    ----------
    network : str, sequence of str or dict
        A network of `notmagic.pretrained`, or several, between which the page has a switch; or networks of
        your own as ``{name: (plan, weights)}``: a plan as in `notmagic.pretrained.plans`, and what its `pack`
        makes of the weights, at most 300,000 bytes.
    pictures : list, optional
        One to eight triples ``(name, array, credit)``: arrays of uint8 with sides of at most 64, shape
        (height, width, 3), or (height, width) for grey; of one that is not square the middle is taken. Left
        out: a cat, a horse, a rocket and a flower from scikit-image and scikit-learn, and three drawings.
    picture : int
        The picture shown first, counted from 0.
    layer : str, optional
        The layer whose unit is chosen, by its name in the plan. Left out: the first.
    row, col : int, optional
        The unit's place in its map, counted from 0; in a vector both are 0. Left out: the middle.
    channel : int
        The unit's map, or its place in a vector, counted from 0.
    class_names : sequence of str, optional
        One name for each of the network's answers. Left out: those of CIFAR-10.
    ask : bool
        Whether the widget asks what the network will say before it shows the answer to a picture.

    Raises
    ------
    ValueError
        For a network, a picture or a setting that cannot be; the message says what can.

    Examples
    --------
    >>> widget = NetworkExplorer(layer="conv2", row=3, col=4, channel=7)
    >>> widget
    NetworkExplorer(cifar10_chapter11, picture 'cat'; unit (3, 4) of channel 7 in conv2)
    >>> widget.layers
    {'conv1': (30, 30, 32), 'pool1': (15, 15, 32), 'conv2': (13, 13, 64), 'pool2': (6, 6, 64), \
'conv3': (4, 4, 64), 'dense1': (64,), 'logits': (10,)}
    """

    _esm = module_text("network_explorer.js")
    _css = style_text("network_explorer.css")

    networks = traitlets.List(help="Name, label, plan, accuracy of each network; where its weights are.").tag(
        sync=True
    )
    weights = traitlets.Bytes(help="The weights of all networks, float16.").tag(sync=True)
    pictures = traitlets.List(help="Name, credit and sides of each picture; where its pixels are.").tag(
        sync=True
    )
    pixels = traitlets.Bytes(help="The pixels of all pictures.").tag(sync=True)
    class_names = traitlets.List(help="What the network's answers are called.").tag(sync=True)
    initial = traitlets.Dict(help="The settings that Reset returns to.").tag(sync=True)

    network = setting()
    picture = setting()
    layer = setting()
    row = setting()
    col = setting()
    channel = setting()
    covered = setting()
    ask = setting()

    def __init__(  # noqa: D107 -- the class says it
        self,
        network: str | Sequence[str] | Mapping[str, tuple[list[dict], bytes]] = "cifar10_chapter11",
        pictures: Sequence[tuple[str, np.ndarray, str]] | None = None,
        *,
        picture: int = 0,
        layer: str | None = None,
        row: int | None = None,
        col: int | None = None,
        channel: int = 0,
        class_names: Sequence[str] | None = None,
        ask: bool = True,
    ) -> None:
        found = _taken_networks(network)
        self._pictures = _checked_pictures(pictures)
        self._shapes = {one["name"]: one.pop("shapes") for one in found}
        layers = self._shapes[found[0]["name"]]
        state = {
            "network": found[0]["name"],
            "picture": checked_whole("picture", picture, 0, len(self._pictures) - 1),
            "layer": next(iter(layers)) if layer is None else checked_name("layer", layer, layers),
            "covered": [0] * SIDE,
            "ask": checked_flag("ask", ask),
        }
        shape = layers[state["layer"]]
        for name, place in (("row", row), ("col", col), ("channel", channel)):
            last = _last(shape, name)
            state[name] = last // 2 if place is None else checked_whole(name, place, 0, last)
        weights, starts = laid_end_to_end([np.frombuffer(one["weights"], np.uint8) for one in found])
        for one, start in zip(found, starts, strict=True):
            one |= {"offset": start, "length": len(one.pop("weights"))}
        pixels, entries = self._packed_pictures()
        super().__init__(
            networks=found, weights=weights, pixels=pixels, pictures=entries, initial=state,
            class_names=_checked_classes(class_names, self._shapes), **state,
        )  # fmt: skip

    def _packed_pictures(self) -> tuple[bytes, list[dict]]:
        pixels, starts = laid_end_to_end([array for _, array, _ in self._pictures])
        entries = [
            {"name": name, "credit": credit, "offset": start}
            | dict(zip(("height", "width"), array.shape, strict=False))
            for (name, array, credit), start in zip(self._pictures, starts, strict=True)
        ]
        return pixels, entries

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("network")
    def _validate_network(self, proposal: dict) -> str:
        return checked_name("network", proposal["value"], self._shapes)

    @traitlets.validate("picture")
    def _validate_picture(self, proposal: dict) -> int:
        return checked_whole("picture", proposal["value"], 0, len(self._pictures) - 1)

    @traitlets.validate("layer")
    def _validate_layer(self, proposal: dict) -> str:
        return checked_name("layer", proposal["value"], self._known_layers())

    @traitlets.validate("row", "col", "channel")
    def _validate_place(self, proposal: dict) -> int:
        name = proposal["trait"].name
        shapes = self._known_layers()
        last = _last(shapes[self.layer], name) if self.layer in shapes else None
        return checked_whole(name, proposal["value"], 0, last)

    @traitlets.validate("covered")
    def _validate_covered(self, proposal: dict) -> list[int]:
        value = proposal["value"]
        if not isinstance(value, (list, tuple)) or len(value) != SIDE:
            raise ValueError(f"covered is {value!r}; expected {SIDE} whole numbers, one for each row")
        return [checked_whole(f"covered[{row}]", bits, 0, 2**SIDE - 1) for row, bits in enumerate(value)]

    @traitlets.validate("ask")
    def _validate_flag(self, proposal: dict) -> bool:
        return checked_flag(proposal["trait"].name, proposal["value"])

    @traitlets.observe("network", "layer")
    def _keep_unit_inside(self, change: dict) -> None:
        if None in (self.network, self.layer, self.row, self.col, self.channel):  # while it is made
            return
        if self.layer not in self.layers:
            self.layer = next(iter(self.layers))
        for name in ("row", "col", "channel"):
            setattr(self, name, min(getattr(self, name), _last(self.layers[self.layer], name)))

    def _known_layers(self) -> dict[str, tuple[int, ...]]:
        """Layers that may be chosen: those of all networks as long as none is set."""
        return self._shapes[self.network] if self.network in self._shapes else _joined(self._shapes)

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def layers(self) -> dict[str, tuple[int, ...]]:
        """Shape of each layer of the network shown, by name: (height, width, channels), or (units,)."""
        return dict(self._shapes[self.network])

    def image(self) -> np.ndarray:
        """Return the picture that the trait `picture` names, as it was given: uint8 (height, width, 3)."""
        return self._pictures[self.picture][1].copy()

    def mask(self) -> np.ndarray:
        """Return which pixels the brush has covered: bool, shape (32, 32)."""
        rows = np.array(self.covered, dtype=">u4").view(np.uint8).reshape(SIDE, -1)
        return np.unpackbits(rows, axis=1).astype(bool)

    def __repr__(self) -> str:  # noqa: D105
        name = self._pictures[self.picture][0]
        is_map = len(self.layers[self.layer]) == 3
        unit = f"({self.row}, {self.col}) of channel {self.channel}" if is_map else self.channel
        return f"NetworkExplorer({self.network}, picture {name!r}; unit {unit} in {self.layer})"


def _last(shape: tuple[int, ...], name: str) -> int:
    """Return the last row, column or channel of a shape; a vector has one row and one column."""
    if name == "channel":
        return shape[-1] - 1
    return shape[("row", "col").index(name)] - 1 if len(shape) == 3 else 0


def _joined(shapes: Mapping[str, Mapping[str, tuple[int, ...]]]) -> dict[str, tuple[int, ...]]:
    return {name: shape for layers in shapes.values() for name, shape in layers.items()}


def _checked_classes(names: object, shapes: Mapping[str, Mapping[str, tuple[int, ...]]]) -> list[str]:
    """Return one name for each class; all networks must have as many."""
    if names is None:
        from notmagic.datasets import CLASS_NAMES as names
    names = [str(name) for name in names]
    for network, layers in shapes.items():
        (count,) = list(layers.values())[-1]
        if count != len(names):
            raise ValueError(
                f"network {network!r} gives {count} numbers and there are {len(names)} class names; pass "
                f"class_names with {count} of them"
            )
    return names
