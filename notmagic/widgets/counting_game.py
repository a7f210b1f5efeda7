"""CountingGame: a layer is given; count its output, its parameters or its multiplications, and see why.

The Python side makes the rounds and judges answers through `notmagic.geometry`; ``counting_game.js`` does the
same by formulas of its own, with or without a kernel, and writes the arithmetic out. A test compares the two.

A layer is a dict: ``network`` and ``name`` (both empty for a made-up layer), ``kind`` ("conv", "pool",
"flatten" or "dense"), ``shape`` of its input, [height, width, channels] or [numbers], ``kernel``,
``filters`` (or units), ``stride``, ``padding`` on each side, ``groups``, ``bias``, and ``change``: in what it
differs from the layer beside it, or "".

A round is a dict of ``question`` ("shape", "parameters", "multiplications", "more parameters" or "more
multiplications") and ``layers``: one, or the two to compare.
"""

from __future__ import annotations

import math
from functools import cache

import anywidget
import traitlets

from notmagic import geometry
from notmagic.architectures import ARCHITECTURES, layer_table
from notmagic.widgets._arithmetic import whole_randoms
from notmagic.widgets._checks import checked_whole, setting
from notmagic.widgets._module import module_text, style_text

__all__ = ["CountingGame", "catalogue", "judge", "make_round", "right_answer", "slips"]

LEVELS = (1, 2, 3)
LARGEST_SEED = 999_999
LARGEST_ROUND = 100_000
LARGEST_ANSWER = 2**53 - 1  # what JavaScript counts exactly
KEPT = 10  # rounds that the score is about
CHOICES = ("A", "B", "same")
CHANGES = ("stride", "groups", "kernel", "filters", "size", "exchange")
SHOWN = "shown"


# ------------------------------------------------------------------------------------------------ rounds


@cache
def _catalogue() -> tuple[dict, ...]:
    """Collect the layers of `ARCHITECTURES`; of those that agree in all that counts, the first."""
    found: dict[tuple, dict] = {}
    for network, architecture in ARCHITECTURES.items():
        for row in layer_table(network):
            if row.kind == "add":
                continue
            layer = {
                "network": architecture.title, "name": row.name, "kind": row.kind,
                "shape": list(row.input_shape), "kernel": row.kernel, "filters": row.filters,
                "stride": row.stride, "padding": row.padding, "groups": row.groups, "bias": row.bias,
                "change": "",
            }  # fmt: skip
            found.setdefault(row[1:9], layer)
    return tuple(found.values())


def catalogue() -> list[dict]:
    """Return the layers of real networks that levels 2 and 3 ask about, as the module describes them."""
    return [dict(layer) for layer in _catalogue()]


class _Draws:
    """A row of random whole numbers that belongs to three numbers; JavaScript draws the same."""

    def __init__(self, level: int, seed: int, number: int, count: int = 64) -> None:
        start = level * 0x85EBCA6B + seed * 0x9E3779B1 + number * 0xC2B2AE35
        # The first few numbers of neighbouring starts are alike, so they are left out.
        self._numbers = iter(whole_randoms(count + 4, start)[4:])

    def below(self, limit: int) -> int:
        return next(self._numbers) % limit

    def pick(self, choices: tuple) -> object:
        return choices[self.below(len(choices))]


def make_round(level: int, seed: int, number: int) -> dict:
    """Make one round of the game.

    Parameters
    ----------
    level : int
        1: a made-up layer of small numbers. 2: a layer of a real network; no question comes again before all
        were asked. 3: two layers to compare, of real networks or one of them changed.
    seed : int
        Whoever plays with the same seed sees the same rounds.
    number : int
        Of the round, counted from 1.

    Returns
    -------
    dict
        As the module describes it.
    """
    if level == 1:
        return _small_round(_Draws(level, seed, number))
    if level == 2:
        tasks = _tasks()
        turn, place = divmod(number - 1, len(tasks))
        question, layer = tasks[_shuffled(len(tasks), level, seed, turn)[place]]
        return {"question": question, "layers": [dict(layer)]}
    return _comparison(_Draws(level, seed, number))


def _layer(kind: str, shape: list[int], kernel: int = 0, filters: int = 0, stride: int = 1,
           padding: int = 0, groups: int = 1, bias: bool = True) -> dict:  # fmt: skip
    return {
        "network": "", "name": "", "kind": kind, "shape": shape, "kernel": kernel, "filters": filters,
        "stride": stride, "padding": padding, "groups": groups, "bias": bias, "change": "",
    }  # fmt: skip


def _small_round(draws: _Draws) -> dict:
    kind = draws.pick(("conv", "conv", "conv", "conv", "conv", "pool", "dense", "flatten"))
    if kind == "flatten":
        layer = _layer(kind, [2 + draws.below(7), 2 + draws.below(7), 1 + draws.below(8)])
        return {"question": "shape", "layers": [layer]}
    if kind == "dense":
        layer = _layer(kind, [2 + draws.below(39)], filters=2 + draws.below(11))
        return {"question": draws.pick(("parameters", "multiplications")), "layers": [layer]}
    if kind == "pool":
        kernel = draws.pick((2, 2, 3))
        shape = [kernel + 1 + draws.below(10)] * 2 + [draws.pick((1, 3, 4, 8))]
        layer = _layer(kind, shape, kernel, stride=draws.pick((kernel, kernel, 1, 2)))
        return {"question": draws.pick(("shape", "shape", "parameters")), "layers": [layer]}
    question = draws.pick(("shape", "parameters", "multiplications"))
    kernel = draws.pick((1, 2, 3, 3, 3, 5))
    height = kernel + 1 + draws.below(8)
    width = height if draws.below(3) else kernel + 1 + draws.below(8)
    channels, filters = draws.pick((1, 2, 3, 3, 4)), draws.pick((1, 2, 4, 5, 8))
    stride, padding = draws.pick((1, 1, 1, 2, 3)), draws.pick((0, 0, 1, kernel // 2))
    divides = math.gcd(channels, filters) % 2 == 0
    groups = 2 if divides and draws.below(3) == 0 else 1
    bias = draws.below(8) > 0
    layer = _layer(kind, [height, width, channels], kernel, filters, stride, padding, groups, bias)
    return {"question": question, "layers": [layer]}


@cache
def _tasks() -> tuple[tuple[str, dict], ...]:
    """List what level 2 asks: what has an answer worth asking for, and one pooling's parameters a network."""
    questions = {
        "conv": ("shape", "parameters", "multiplications"),
        "dense": ("parameters", "multiplications"),
        "flatten": ("shape",),
        "pool": ("shape",),
    }
    tasks, pooled = [], set()
    for layer in _catalogue():
        tasks += [(question, layer) for question in questions[layer["kind"]]]
        if layer["kind"] == "pool" and layer["network"] not in pooled:
            pooled.add(layer["network"])
            tasks.append(("parameters", layer))
    return tuple(tasks)


def _shuffled(count: int, level: int, seed: int, turn: int) -> list[int]:
    """Put the numbers below `count` in an order of the given turn (Fisher and Yates)."""
    draws, order = _Draws(level, seed, turn, count), list(range(count))
    for last in range(count - 1, 0, -1):
        other = draws.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def _comparison(draws: _Draws) -> dict:
    question = draws.pick(("more parameters", "more multiplications"))
    if draws.below(2):
        layers = [layer for layer in _catalogue() if layer["kind"] in ("conv", "dense")]
        first, second = draws.below(len(layers)), draws.below(len(layers) - 1)
        pair = [layers[first], layers[second + (second >= first)]]
    else:
        layer = draws.pick(tuple(layer for layer in _catalogue() if layer["kind"] == "conv"))
        start = draws.below(len(CHANGES))
        ways = (_changed(layer, CHANGES[(start + step) % len(CHANGES)]) for step in range(len(CHANGES)))
        pair = [layer, next(way for way in ways if way)]
    if draws.below(2):
        pair.reverse()
    return {"question": question, "layers": [dict(layer) for layer in pair]}


def _changed(layer: dict, change: str) -> dict | None:
    """Return a convolution changed in one thing, or None where that would not make a layer."""
    height, width, channels = layer["shape"]
    kernel, filters, groups = layer["kernel"], layer["filters"], layer["groups"]
    other = {**layer, "change": change}
    if change == "stride":
        return {**other, "stride": 2 if layer["stride"] == 1 else 1}
    if change == "groups":
        return {**other, "groups": 2 * groups} if math.gcd(channels, filters) % (2 * groups) == 0 else None
    if change == "kernel":
        size = 3 if kernel == 1 else kernel - 2
        return {**other, "kernel": size, "padding": size // 2 if layer["padding"] or kernel == 1 else 0}
    if change == "filters":
        return {**other, "filters": 2 * filters}
    if change == "size":
        fits = height // 2 + 2 * layer["padding"] >= kernel
        return {**other, "shape": [height // 2, width // 2, channels]} if fits else None
    divides = filters % (2 * groups) == 0
    return {**other, "shape": [height, width, 2 * channels], "filters": filters // 2} if divides else None


# ----------------------------------------------------------------------------------------------- answers


def _output_shape(layer: dict) -> list[int]:
    shape, kernel, stride, padding = (layer[name] for name in ("shape", "kernel", "stride", "padding"))
    if layer["kind"] == "conv":
        return list(geometry.conv2d_output_shape(shape, kernel, layer["filters"], stride, padding))
    if layer["kind"] == "pool":
        return list(geometry.pool2d_output_shape(shape, kernel, stride, padding))
    return [geometry.flatten_size(shape) if layer["kind"] == "flatten" else layer["filters"]]


def _parameters(layer: dict) -> int:
    if layer["kind"] == "conv":
        channels = layer["shape"][2]
        return geometry.conv2d_params(
            layer["kernel"], channels, layer["filters"], layer["bias"], layer["groups"]
        )
    if layer["kind"] == "dense":
        return geometry.dense_params(layer["shape"][0], layer["filters"], layer["bias"])
    return 0


def _multiplications(layer: dict) -> int:
    if layer["kind"] == "conv":
        names = ("shape", "kernel", "filters", "stride", "padding", "groups")
        return geometry.conv2d_multiplications(*(layer[name] for name in names))
    if layer["kind"] == "dense":
        return geometry.dense_multiplications(layer["shape"][0], layer["filters"])
    return 0


_COUNTS = {"parameters": _parameters, "multiplications": _multiplications}


def right_answer(task: dict) -> list[int] | str:
    """Return the answer of a round.

    Returns
    -------
    list of int, or str
        [height, width, channels] or [numbers] for a shape, [count] for a count; "A", "B" or "same" where two
        layers are compared.
    """
    question, layers = task["question"], task["layers"]
    if question == "shape":
        return _output_shape(layers[0])
    if question in _COUNTS:
        return [_COUNTS[question](layers[0])]
    return _larger(layers, question.removeprefix("more "))


def _larger(layers: list[dict], what: str) -> str:
    first, second = map(_COUNTS[what], layers)
    return "same" if first == second else "A" if first > second else "B"


def slips(task: dict) -> list[tuple[str, list[int]]]:
    """Return the answers that usual slips lead to, by the slip's name; the first that fits an answer counts.

    For the shape of a feature map they are of the two sizes, [height, width], and of the depth, [channels];
    else of the one number asked for. Comparisons have none. None of them is the right answer.
    """
    question = task["question"]
    if len(task["layers"]) > 1:
        return []
    layer, right = task["layers"][0], right_answer(task)
    if question == "shape" and len(right) == 3:
        right_parts = {2: right[:2], 1: right[2:]}
        found = [(name, list(size)) for name, size in _size_slips(layer)]
        found += [(name, [depth]) for name, depth in _depth_slips(layer)]
        return [(name, value) for name, value in found if value != right_parts[len(value)]]
    makers = {
        ("shape", "flatten"): _flatten_slips, ("parameters", "conv"): _parameter_slips,
        ("parameters", "dense"): _dense_parameter_slips, ("multiplications", "conv"): _work_slips,
        ("multiplications", "dense"): _dense_work_slips,
    }  # fmt: skip
    maker = makers.get((question, layer["kind"]), lambda layer: [])
    return [(name, [value]) for name, value in maker(layer) if [value] != right]


def _size_slips(layer: dict) -> list[tuple[str, tuple[int, int]]]:
    sizes, f = layer["shape"][:2], layer["kernel"]
    s, p = layer["stride"], layer["padding"]
    rooms = [n + 2 * p - f for n in sizes]
    found = [("stride", tuple(room + 1 for room in rooms))]
    if min(sizes) >= f:
        found.append(("no padding", tuple((n - f) // s + 1 for n in sizes)))
    if min(sizes) + p >= f:
        found.append(("padding once", tuple((n + p - f) // s + 1 for n in sizes)))
    return [
        *found,
        ("no plus one", tuple(room // s for room in rooms)),
        ("ceil", tuple(-(-room // s) + 1 for room in rooms)),
        ("same size", tuple(sizes)),
        ("padded size", tuple(n + 2 * p for n in sizes)),
        ("turned", tuple(room // s + 1 for room in reversed(rooms))),
    ]


def _depth_slips(layer: dict) -> list[tuple[str, int]]:
    channels, filters = layer["shape"][2], layer["filters"]
    if layer["kind"] == "pool":
        return [("pooled depth", 1), ("pooled depth", -(-channels // layer["kernel"]))]
    return [("channels kept", channels), ("channels times filters", channels * filters), ("one map", 1)]


def _flatten_slips(layer: dict) -> list[tuple[str, int]]:
    height, width, channels = layer["shape"]
    return [("no channels", height * width), ("added", height + width + channels)]


def _parameter_slips(layer: dict) -> list[tuple[str, int]]:
    height, width, channels = layer["shape"]
    k, filters, groups = layer["kernel"], layer["filters"], layer["groups"]
    in_group, bias = channels // groups, int(layer["bias"])
    rows, columns, _ = _output_shape(layer)
    weights = _parameters({**layer, "bias": False})
    found = [("no bias", weights), ("bias once", weights + 1)]
    if not bias:
        found = [("absent bias", weights + filters)]
    if groups > 1:
        one = {**layer, "shape": [height, width, in_group], "filters": filters // groups, "groups": 1}
        found += [("ungrouped", _parameters({**layer, "groups": 1})), ("one group", _parameters(one))]
    found += [
        ("no channels", (k * k + bias) * filters),
        ("no channels", k * k * filters),
        ("one filter", k * k * in_group + bias),
        ("one filter", k * k * in_group),
        ("kernel once", (k * in_group + bias) * filters),
        ("kernel once", k * in_group * filters),
    ]
    if bias:
        found.append(("bias at each place", weights + rows * columns * filters))
    return [
        *found,
        ("each place", weights * rows * columns),
        ("each place", _parameters(layer) * rows * columns),
        ("exchanged", (k * k * filters + bias) * channels),
        ("picture", _parameters(layer) * height * width),
    ]


def _work_slips(layer: dict) -> list[tuple[str, int]]:
    (height, width, _), filters = layer["shape"], layer["filters"]
    p, weights = layer["padding"], _parameters({**layer, "bias": False})
    rows, columns, _ = _output_shape(layer)
    places, k = rows * columns, layer["kernel"]
    found = [("parameters", _parameters(layer)), ("parameters", weights)]
    if layer["groups"] > 1:
        found.append(("ungrouped", _multiplications({**layer, "groups": 1})))
    found += [
        (name, size[0] * size[1] * weights)
        for name, size in _size_slips(layer)
        if name not in ("same size", "turned", "padded size")
    ]
    in_group = layer["shape"][2] // layer["groups"]
    found += [
        ("input places", height * width * weights),
        ("padded places", (height + 2 * p) * (width + 2 * p) * weights),
        ("no channels", places * filters * k * k),
        ("no filters", places * k * k * in_group),
        ("kernel once", places * filters * k * in_group),
    ]
    if layer["bias"]:
        found.append(("bias multiplied", places * (weights + filters)))
    return [*found, ("outputs", places * filters)]


def _dense_parameter_slips(layer: dict) -> list[tuple[str, int]]:
    inputs, units = layer["shape"][0], layer["filters"]
    return [
        ("no bias", inputs * units),
        ("bias once", inputs * units + 1),
        ("bias of inputs", (units + 1) * inputs),
        ("one unit", inputs + 1),
        ("one unit", inputs),
        ("added", inputs + units),
        ("added", inputs + units + 1),
    ]


def _dense_work_slips(layer: dict) -> list[tuple[str, int]]:
    inputs, units = layer["shape"][0], layer["filters"]
    return [("bias multiplied", (inputs + 1) * units), ("added", inputs + units), ("one unit", inputs)]


def judge(task: dict, given: list[int] | str) -> tuple[bool, list[str]]:
    """Judge an answer.

    Parameters
    ----------
    task : dict
        A round, as `make_round` makes it.
    given : list of int, or str
        In the form of `right_answer`.

    Returns
    -------
    right : bool
    names : list of str
        Which slips explain a wrong answer: one, or two where both the sizes and the depth of a shape are
        wrong. "ten times" is a zero too many or too few, "close" at most 2 % away, "none" not explained.

    Raises
    ------
    ValueError
        If the answer is not of the form that the question asks for.
    """
    right = right_answer(task)
    given = _checked_answer(right, given)
    if given == right:
        return True, []
    if isinstance(right, str):
        other = {"more parameters": "multiplications", "more multiplications": "parameters"}[task["question"]]
        return False, ["other count" if _larger(task["layers"], other) == given else "none"]
    if task["question"] == "parameters" and right == [0]:
        return False, ["pooling"]
    known = slips(task)
    if len(right) == 1:
        return False, [_explained(given, right, known)]
    parts = ((given[:2], right[:2]), (given[2:], right[2:]))
    return False, [_explained(part, wanted, known) for part, wanted in parts if part != wanted]


def _checked_answer(right: list[int] | str, value: object) -> list[int] | str:
    """Return an answer if it is of the form of the right one."""
    if isinstance(right, str):
        if not isinstance(value, str) or value not in CHOICES:
            raise ValueError(f"the answer is {value!r}; expected 'A', 'B' or 'same'")
        return value
    if not isinstance(value, (list, tuple)) or len(value) != len(right):
        form = "[height, width, channels]" if len(right) == 3 else "[number]"
        raise ValueError(f"the answer is {value!r}; expected {form}")
    return [checked_whole("a number of the answer", entry, 0, LARGEST_ANSWER) for entry in value]


def _explained(given: list[int], right: list[int], known: list[tuple[str, list[int]]]) -> str:
    for name, value in known:
        if value == given:
            return name
    if len(given) == 1 and right[0]:
        (number,), (wanted,) = given, right
        if any(number == wanted * factor or number * factor == wanted for factor in (10, 100, 1000)):
            return "ten times"
        if wanted >= 100 and abs(number - wanted) * 50 <= wanted:
            return "close"
    return "none"


# --------------------------------------------------------------------------------------------- the widget


class CountingGame(anywidget.AnyWidget):
    """Count outputs, parameters and multiplications of layers, with a diagnosis of what went wrong.

    Parameters
    ----------
    level : int
        1: single layers of small numbers; 2: layers of LeNet-5, the CIFAR-10 network, AlexNet, VGG-16,
        bottlenecks and residual blocks; 3: which of two layers has more parameters or takes more
        multiplications.
    seed : int
        From 0 to 999,999. Whoever plays with the same seed sees the same rounds.
    round : int
        With which round to begin, counted from 1.

    Raises
    ------
    ValueError
        For a setting that cannot be; the message says what can.

    Examples
    --------
    >>> game = CountingGame(level=2, seed=7)
    >>> game.task["question"], game.task["layers"][0]["name"]
    ('multiplications', 'conv2')
    >>> game.check(28 * 28 * 128)
    (False, ['outputs'])
    >>> CountingGame(level=2, seed=7, round=2)
    CountingGame(level 2, seed 7, round 2: parameters of pool1 in the CIFAR-10 network; 0 of 0 right)
    """

    _esm = module_text("counting_game.js")
    _css = style_text("counting_game.css")

    layers = traitlets.List(help="The layers of real networks that are asked about.").tag(sync=True)

    level = setting()
    seed = setting()
    round = setting()
    #: None, or [level, seed, round, answer] of the round answered last; the answer "shown" gave up.
    given = setting(allow_none=True)
    #: Of the last ten rounds, the oldest first: 1 for a right answer, 0 for a wrong one or none.
    history = setting()

    def __init__(  # noqa: D107 -- the class says it
        self, level: int = 1, seed: int = 0, round: int = 1
    ) -> None:
        super().__init__(layers=catalogue(), level=level, seed=seed, round=round, history=[])

    # ----------------------------------------------------------------------- what a trait may be set to

    @traitlets.validate("level", "seed", "round")
    def _validate_number(self, proposal: dict) -> int:
        name = proposal["trait"].name
        low, high = {"level": (1, len(LEVELS)), "seed": (0, LARGEST_SEED), "round": (1, LARGEST_ROUND)}[name]
        return checked_whole(name, proposal["value"], low, high)

    @traitlets.validate("given")
    def _validate_given(self, proposal: dict) -> list | None:
        value = proposal["value"]
        if value is None:
            return None
        if not isinstance(value, (list, tuple)) or len(value) != 4:
            raise ValueError(f"given is {value!r}; expected None or [level, seed, round, answer]")
        level = checked_whole("the level in given", value[0], 1, len(LEVELS))
        seed = checked_whole("the seed in given", value[1], 0, LARGEST_SEED)
        number = checked_whole("the round in given", value[2], 1, LARGEST_ROUND)
        right = right_answer(make_round(level, seed, number))
        given_up = isinstance(value[3], str) and value[3] == SHOWN
        return [level, seed, number, SHOWN if given_up else _checked_answer(right, value[3])]

    @traitlets.validate("history")
    def _validate_history(self, proposal: dict) -> list[int]:
        value = proposal["value"]
        if not isinstance(value, (list, tuple)) or len(value) > KEPT:
            raise ValueError(f"history is {value!r}; expected a list of at most {KEPT} numbers 0 or 1")
        return [checked_whole(f"history[{index}]", entry, 0, 1) for index, entry in enumerate(value)]

    # -------------------------------------------------------------------------------------- what it shows

    @property
    def task(self) -> dict:
        """The round that is shown: ``question`` and ``layers``."""
        return make_round(self.level, self.seed, self.round)

    @property
    def answer(self) -> list[int] | str | None:
        """What the reader answered in this round, "shown" for giving up, or None as yet."""
        if self.given is None or self.given[:3] != [self.level, self.seed, self.round]:
            return None
        return self.given[3]

    def check(self, answer: int | list[int] | str) -> tuple[bool, list[str]]:
        """Judge an answer to this round, as `judge`, without noting it; a single number needs no list."""
        return judge(self.task, [answer] if isinstance(answer, int) else answer)

    def __repr__(self) -> str:  # noqa: D105
        task = self.task
        names = " or ".join(_layer_words(layer) for layer in task["layers"])
        place = f"level {self.level}, seed {self.seed}, round {self.round}"
        score = f"{sum(self.history)} of {len(self.history)} right"
        return f"CountingGame({place}: {task['question']} of {names}; {score})"


def _layer_words(layer: dict) -> str:
    """Name a layer in a few words."""
    if layer["network"]:
        words = f"{layer['name']} in {layer['network']}"
        return f"{words} ({layer['change']} changed)" if layer["change"] else words
    return f"a {layer['kind']} layer on {' x '.join(map(str, layer['shape']))}"
