"""Sizes and counts of convolutional networks: one truth for chapters, widgets, checks and layers.

Everything here is arithmetic on whole numbers, so the module needs nothing but Python. Padding is
always given *per side*, and may be

- a whole number of pixels, added on each side;
- ``"valid"``: none, the same as 0;
- ``"same"``: as much as gives ``ceil(input_size / stride)`` outputs, divided as TensorFlow divides it:
  when the total is odd the extra pixel goes *after* the input (right or below).

Kernel sizes, strides and pool sizes in two dimensions are one number for both directions or a pair
``(rows, columns)``. Shapes of images are ``(height, width, channels)``.

Every function raises ``TypeError`` when something other than a whole number is given where one is needed
(``True`` and ``3.0`` are not accepted as 1 and 3) and ``ValueError`` when a number is out of range, a
padding is unknown, or no window fits.

References
----------
V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, section 2, for the
output size; the documentation of ``tf.nn.convolution`` for ``"valid"`` and ``"same"``; A. Araujo, W. Norris
and J. Sim, *Computing receptive fields of convolutional neural networks*, Distill, 2019, for what one unit
sees.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import NamedTuple, SupportsIndex

__all__ = [
    "ReceptiveField",
    "checked_padding",
    "conv2d_multiplications",
    "conv2d_output_shape",
    "conv2d_params",
    "dense_multiplications",
    "dense_params",
    "flatten_size",
    "leftover",
    "leftover_parts",
    "output_size",
    "pad_amounts",
    "pair",
    "pool2d_output_shape",
    "receptive_field",
    "receptive_patch",
    "whole_number",
]

Size = SupportsIndex
Pair = SupportsIndex | Sequence[SupportsIndex]
Padding = SupportsIndex | str


# --------------------------------------------------------------------------------- along one direction


def output_size(input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0) -> int:
    """Count the windows that fit along one direction: the height or width of the feature map.

    With ``p`` pixels of padding on each side this is ``floor((n + 2 p - f) / s) + 1``; with ``"same"``
    it is ``ceil(n / s)``.

    Parameters
    ----------
    input_size : int
        Pixels of the input, ``n`` >= 1.
    kernel_size : int
        Pixels that the filter (or the pooling window) spans, ``f`` >= 1.
    stride : int
        Pixels from one window to the next, ``s`` >= 1.
    padding : int, "valid" or "same"
        Pixels added on each side, ``p`` >= 0, or a rule (see the top of this module).

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        As listed at the top of this module. Where no window fits, TensorFlow returns an empty map for
        some sizes and fails for others; here it is always a ``ValueError`` that says what would fit.

    Examples
    --------
    >>> output_size(256, 3), output_size(256, 3, padding=1), output_size(256, 2, stride=2)
    (254, 256, 128)
    """
    n, f, s, p = _one_direction(input_size, kernel_size, stride, padding)
    _require_fit((n, n), (f, f), p)
    return _windows(n, f, s, p)


def pad_amounts(
    input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0
) -> tuple[int, int]:
    """Return the pixels added before and after the input along one direction.

    A whole number is added on both sides. ``"same"`` adds ``(windows - 1) * s + f - n`` in all (or nothing
    when that is negative), half of it before the input, rounded down. An even-sized filter at stride 1 so
    gets one pixel more after the input than before it.

    Parameters
    ----------
    input_size, kernel_size, stride, padding
        As for `output_size`.

    Returns
    -------
    (before, after) : tuple of int

    Examples
    --------
    >>> pad_amounts(5, 3, padding="same"), pad_amounts(5, 4, padding="same")
    ((1, 1), (1, 2))
    """
    n, f, s, p = _one_direction(input_size, kernel_size, stride, padding)
    _require_fit((n, n), (f, f), p)
    return _pads(n, f, s, p)


def leftover(input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0) -> int:
    """Count the pixels of the padded input, along one direction, that no window ever visits.

    There are two kinds, and this is their sum; `leftover_parts` gives them apart. When the stride does not
    divide, pixels remain *after* the last window. When the stride is larger than the filter, pixels are
    jumped over *between* the windows too. Pixels of the padding count as well as pixels of the picture.

    Parameters
    ----------
    input_size, kernel_size, stride, padding
        As for `output_size`.

    Returns
    -------
    int
        0 when every pixel is visited.

    Examples
    --------
    >>> leftover(224, 11, stride=4), leftover(227, 11, stride=4)
    (1, 0)
    """
    return sum(leftover_parts(input_size, kernel_size, stride, padding))


def leftover_parts(
    input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0
) -> tuple[int, int]:
    """Count the never visited pixels between the windows and those after the last window.

    Parameters
    ----------
    input_size, kernel_size, stride, padding
        As for `output_size`.

    Returns
    -------
    (between, after) : tuple of int
        ``between`` is 0 unless the stride is larger than the filter. ``after`` counts the pixels at the
        far end of the padded input (right or below), beyond the last window.

    Examples
    --------
    >>> leftover_parts(8, 2, stride=3)  # windows on pixels 0-1, 3-4 and 6-7
    (2, 0)
    """
    n, f, s, p = _one_direction(input_size, kernel_size, stride, padding)
    _require_fit((n, n), (f, f), p)
    windows = _windows(n, f, s, p)
    last_end = (windows - 1) * s + f
    return (windows - 1) * max(s - f, 0), n + sum(_pads(n, f, s, p)) - last_end


# ------------------------------------------------------------------------------------------ whole layers


def conv2d_output_shape(
    input_shape: Sequence[Size], kernel_size: Pair, filters: Size, stride: Pair = 1, padding: Padding = 0
) -> tuple[int, int, int]:
    """Return the shape of a convolution's output.

    Parameters
    ----------
    input_shape : (height, width, channels)
        Shape of one image, without the batch axis.
    kernel_size, stride : int or (rows, columns)
    filters : int
        Number of filters, that is of feature maps.
    padding : int, "valid" or "same"

    Returns
    -------
    (height, width, filters) : tuple of int

    Examples
    --------
    >>> conv2d_output_shape((256, 256, 3), kernel_size=3, filters=64)
    (254, 254, 64)
    """
    height, width, _ = _image_shape(input_shape)
    return *_map_size((height, width), kernel_size, stride, padding), whole_number("filters", filters)


def pool2d_output_shape(
    input_shape: Sequence[Size], pool_size: Pair = 2, stride: Pair | None = None, padding: Padding = 0
) -> tuple[int, int, int]:
    """Return the shape of a pooling layer's output; it has as many channels as the input.

    Parameters
    ----------
    input_shape : (height, width, channels)
        Shape of one image, without the batch axis.
    pool_size : int or (rows, columns)
    stride : int or (rows, columns), optional
        Left out, it is `pool_size`: windows side by side, as in Keras.
    padding : int, "valid" or "same"
        A number must be smaller than `pool_size`, or some windows would hold nothing but padding.

    Returns
    -------
    (height, width, channels) : tuple of int

    Examples
    --------
    >>> pool2d_output_shape((256, 256, 64), pool_size=2)
    (128, 128, 64)
    """
    height, width, channels = _image_shape(input_shape)
    pool, pad = pair("pool_size", pool_size), _padding(padding)
    if pad != "same" and pad >= min(pool):
        raise ValueError(
            f"padding {pad} puts some {_by(pool)} pooling windows wholly on padding, where there is nothing "
            f"to pool; use padding of at most {min(pool) - 1}"
        )
    stride = pool_size if stride is None else stride
    return *_map_size((height, width), pool, stride, padding, noun="pooling window"), channels


def conv2d_params(
    kernel_size: Pair, in_channels: Size, filters: Size, bias: bool = True, groups: Size = 1
) -> int:
    """Count the parameters of a convolution layer.

    One filter has ``height * width * in_channels`` weights, for it spans the full depth of the input, and
    one bias. The size of the image does not matter. In a grouped convolution the filters and the channels
    are divided into groups, and a filter spans the channels of its own group only: ``in_channels / groups``.

    Parameters
    ----------
    kernel_size : int or (rows, columns)
    in_channels : int
        Channels of the input.
    filters : int
        Number of filters.
    bias : bool
        Whether each filter has a bias.
    groups : int
        Into how many groups the channels and the filters are divided; it must divide both. With
        ``groups=in_channels`` each filter looks at one channel: a depthwise convolution.

    Examples
    --------
    >>> conv2d_params(3, in_channels=3, filters=1), conv2d_params(3, in_channels=3, filters=64)
    (28, 1792)
    >>> conv2d_params(5, in_channels=96, filters=256), conv2d_params(5, 96, 256, groups=2)  # AlexNet's second
    (614656, 307456)
    """
    rows, columns = pair("kernel_size", kernel_size)
    channels, count = whole_number("in_channels", in_channels), whole_number("filters", filters)
    weights = rows * columns * (channels // _groups(groups, channels, count))
    return (weights + _flag("bias", bias)) * count


def dense_params(inputs: Size, units: Size, bias: bool = True) -> int:
    """Count the parameters of a fully connected layer: a weight for each input and a bias, for each unit.

    Parameters
    ----------
    inputs : int
        Numbers that come in.
    units : int
        Neurons, that is numbers that go out.
    bias : bool
        Whether each unit has a bias.

    Examples
    --------
    >>> dense_params(256 * 256 * 3, units=1)
    196609
    """
    return (whole_number("inputs", inputs) + _flag("bias", bias)) * whole_number("units", units)


def flatten_size(shape: Sequence[Size]) -> int:
    """Count the numbers in an array of the given shape (without the batch axis).

    Examples
    --------
    >>> flatten_size((7, 7, 5))
    245
    """
    return math.prod(whole_number("each entry of the shape", entry) for entry in _sequence("shape", shape))


def conv2d_multiplications(
    input_shape: Sequence[Size],
    kernel_size: Pair,
    filters: Size,
    stride: Pair = 1,
    padding: Padding = 0,
    groups: Size = 1,
) -> int:
    """Count the multiplications that a convolution of one image takes.

    Each number of the output is one dot product of a filter with a patch. Products with padding count,
    for the usual implementations compute them.

    Parameters
    ----------
    input_shape, kernel_size, filters, stride, padding
        As for `conv2d_output_shape`.
    groups : int
        As for `conv2d_params`: the patch has the channels of one group.

    Examples
    --------
    >>> conv2d_multiplications((256, 256, 3), kernel_size=3, filters=64)
    111483648
    """
    outputs = math.prod(conv2d_output_shape(input_shape, kernel_size, filters, stride, padding))
    channels, count = _image_shape(input_shape)[2], whole_number("filters", filters)
    in_group = channels // _groups(groups, channels, count)
    return outputs * conv2d_params(kernel_size, in_group, filters=1, bias=False)


def dense_multiplications(inputs: Size, units: Size) -> int:
    """Count the multiplications that a fully connected layer takes for one example: one for each weight.

    Parameters
    ----------
    inputs, units : int
        As for `dense_params`.

    Examples
    --------
    >>> dense_multiplications(400, units=120)
    48000
    """
    return dense_params(inputs, units, bias=False)


# ------------------------------------------------------------------------------------- what one unit sees


class ReceptiveField(NamedTuple):
    """How much of the input one unit sees; rows first, then columns.

    Attributes
    ----------
    size : (rows, columns)
        Pixels of the input from the first that can change the unit to the last, both counted.
    jump : (rows, columns)
        Pixels of the input from the patch of one unit to the patch of the next.
    """

    size: tuple[int, int]
    jump: tuple[int, int]


def receptive_field(layers: Sequence[Sequence[Pair]]) -> ReceptiveField:
    """Return the size of the patch of the input that one unit sees after a stack of layers.

    Each layer, of kernel size ``k`` and stride ``s``, makes ``r_out = r_in + (k - 1) * jump_in`` and
    ``jump_out = jump_in * s`` of the ``r`` and ``jump`` of the layer before; a pixel of the input has 1 and
    1. Padding changes neither, but a unit at the rim sees less of the picture: `receptive_patch` says which
    part.

    Parameters
    ----------
    layers : sequence of (kernel_size, stride)
        From the input on, a pooling window counting as a kernel; each an int or (rows, columns). Layers that
        look at one pixel of each feature map at a time, such as ReLU, need not be listed.

    Returns
    -------
    ReceptiveField
        ``size`` and ``jump``, each (rows, columns). Where a stride is larger than its kernel, some pixels
        inside the patch are jumped over.

    References
    ----------
    A. Araujo, W. Norris and J. Sim, *Computing receptive fields of convolutional neural networks*, Distill,
    2019, doi:10.23915/distill.00021, section "Computing receptive field size".

    Examples
    --------
    >>> receptive_field([(3, 1), (2, 2), (3, 1), (2, 2)])
    ReceptiveField(size=(10, 10), jump=(4, 4))
    """
    size, jump = (1, 1), (1, 1)
    for index, layer in enumerate(_stack(layers)):
        kernel, stride, _ = _layer(index, layer, (2,))
        size = tuple(r + (k - 1) * j for r, k, j in zip(size, kernel, jump, strict=True))
        jump = tuple(j * s for j, s in zip(jump, stride, strict=True))
    return ReceptiveField(size, jump)


def receptive_patch(
    input_size: Pair, layers: Sequence[Sequence[Pair | Padding]], unit: Sequence[Size]
) -> tuple[slice, slice]:
    """Return the part of the picture that one unit of the last layer sees; padding is no part of it.

    Parameters
    ----------
    input_size : int or (rows, columns)
        Pixels of the picture.
    layers : sequence of (kernel_size, stride) or (kernel_size, stride, padding)
        From the input on; padding left out is 0.
    unit : (row, column)
        Place in the last layer's feature map, counted from 0.

    Returns
    -------
    (rows, columns) : tuple of slice
        From the first pixel that can change the unit to the last, so that ``image[patch]`` is what the unit
        sees. Empty where the unit sees nothing but padding.

    Raises
    ------
    TypeError, ValueError
        As listed at the top of this module; also if the feature map has no such unit.

    Examples
    --------
    >>> receptive_patch(32, [(3, 1), (2, 2), (3, 1), (2, 2)], unit=(0, 5))
    (slice(0, 10, None), slice(20, 30, None))
    >>> receptive_patch(32, [(3, 1, "same"), (3, 1, "same")], unit=(0, 0))  # the rim sees less than 5 x 5
    (slice(0, 3, None), slice(0, 3, None))
    """
    sizes, steps = [pair("input_size", input_size)], []
    for index, layer in enumerate(_stack(layers)):
        kernel, stride, padding = _layer(index, layer, (2, 3))
        _require_fit(sizes[-1], kernel, padding)
        steps.append((kernel, stride, padding))
        windows = zip(sizes[-1], kernel, stride, strict=True)
        sizes.append(tuple(_windows(n, f, s, padding) for n, f, s in windows))
    place = _unit(unit, sizes[-1])
    rows, columns = (
        _seen([size[axis] for size in sizes], [(k[axis], s[axis], p) for k, s, p in steps], place[axis])
        for axis in (0, 1)
    )
    return rows, columns


# --------------------------------------------------------------------------- the formulas, without checks


def _windows(n: int, f: int, s: int, p: int | str) -> int:
    """Count windows along one direction; arguments are known to be valid and to fit."""
    if p == "same":
        return -(-n // s)  # the ceiling of n / s in whole numbers
    return (n + 2 * p - f) // s + 1


def _pads(n: int, f: int, s: int, p: int | str) -> tuple[int, int]:
    """Return the padding before and after along one direction; arguments are known to be valid."""
    if p != "same":
        return p, p
    total = max((_windows(n, f, s, p) - 1) * s + f - n, 0)
    return total // 2, total - total // 2


def _seen(sizes: Sequence[int], steps: Sequence[tuple[int, int, int | str]], unit: int) -> slice:
    """Walk back from a unit to the pixels it sees along one direction; all is known to be valid."""
    seen = {unit}
    # What lies outside a feature map is padding and sees no pixel, so it is left out at each layer.
    for n, (f, s, p) in zip(reversed(sizes[:-1]), reversed(steps), strict=True):
        before = _pads(n, f, s, p)[0]
        starts = (window * s - before for window in seen)
        seen = {place for start in starts for place in range(start, start + f) if 0 <= place < n}
    return slice(min(seen), max(seen) + 1) if seen else slice(0, 0)


def _map_size(
    size: tuple[int, int], kernel_size: Pair, stride: Pair, padding: Padding, noun: str = "filter"
) -> tuple[int, int]:
    """Return height and width of a feature map after checking all arguments."""
    kernel, strides, p = pair("kernel_size", kernel_size), pair("stride", stride), _padding(padding)
    _require_fit(size, kernel, p, noun)
    height, width = (_windows(n, f, s, p) for n, f, s in zip(size, kernel, strides, strict=True))
    return height, width


# ----------------------------------------------------------------------------------- checks and messages


def _one_direction(
    input_size: Size, kernel_size: Size, stride: Size, padding: Padding
) -> tuple[int, int, int, int | str]:
    """Check the four arguments that every function of one direction takes."""
    return (
        whole_number("input_size", input_size),
        whole_number("kernel_size", kernel_size),
        whole_number("stride", stride),
        _padding(padding),
    )


def whole_number(name: str, value: Size, least: int = 1) -> int:
    """Return `value` as an int, or say what is wrong with it, calling it `name`.

    Raises
    ------
    TypeError
        If it is no whole number.
    ValueError
        If it is smaller than `least`.
    """
    # bool is a subclass of int; a True here is a slip (often bias=True in the wrong place), not a 1.
    if isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}; write the number itself, such as 1")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be a whole number, got {value!r} ({type(value).__name__}); write one such as 3, "
            "and divide with // rather than /"
        ) from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}; give a larger whole number")
    return number


def pair(name: str, value: Pair) -> tuple[int, int]:
    """Return one number twice, or a pair as it is, as ints of at least 1.

    Raises
    ------
    TypeError, ValueError
        If an entry is no whole number of at least 1, or if there are not two.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        number = whole_number(name, value)
        return number, number
    if len(value) != 2:
        raise ValueError(
            f"{name} has {len(value)} entries, {tuple(value)!r}; give one whole number for both directions "
            "or a pair (rows, columns)"
        )
    return whole_number(f"{name}[0]", value[0]), whole_number(f"{name}[1]", value[1])


def checked_padding(value: Padding) -> int | str:
    """Return a padding as it was given, a number as an int.

    Raises
    ------
    TypeError, ValueError
        If it is neither "valid" nor "same" nor a whole number of at least 0.
    """
    if not isinstance(value, str):
        return whole_number("padding", value, least=0)
    if value not in ("valid", "same"):
        raise ValueError(
            f'unknown padding {value!r}; use "valid" (none), "same" (as much as gives '
            "ceil(input_size / stride) outputs) or a whole number of pixels for each side"
        )
    return value


def _padding(value: Padding) -> int | str:
    """Return the padding as a number of pixels or as "same"; "valid" is 0."""
    padding = checked_padding(value)
    return 0 if padding == "valid" else padding


def _flag(name: str, value: bool) -> int:
    """Return a yes-or-no argument as 1 or 0; a number here would otherwise be added as so many biases."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}; it says whether there are biases")
    return int(value)


def _groups(value: Size, channels: int, filters: int) -> int:
    """Check that the channels and the filters can be divided into so many groups."""
    groups = whole_number("groups", value)
    common = math.gcd(channels, filters)
    if common % groups:
        name, count = ("channels", channels) if channels % groups else ("filters", filters)
        usable = [str(number) for number in range(1, common + 1) if common % number == 0]
        raise ValueError(
            f"{count} {name} cannot be divided into {groups} groups; with {channels} channels and {filters} "
            f"filters, groups can be {', '.join(usable[:8])}{', ...' if len(usable) > 8 else ''}"
        )
    return groups


def _sequence(name: str, value: Sequence[Size]) -> Sequence[Size]:
    """Return `value` if it has entries to look at, or say what was expected."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(f"{name} must be a tuple of whole numbers, got {value!r}; write it as (7, 7, 5)")
    return value


def _image_shape(shape: Sequence[Size]) -> tuple[int, int, int]:
    """Check the shape of one image."""
    entries = _sequence("input_shape", shape)
    if len(entries) != 3:
        raise ValueError(
            f"input_shape must be (height, width, channels), got {tuple(entries)!r} with {len(entries)} "
            "entries; leave the batch axis out and give a grey image one channel: (28, 28, 1)"
        )
    names = ("the height in input_shape", "the width in input_shape", "the channels in input_shape")
    height, width, channels = (whole_number(name, entry) for name, entry in zip(names, entries, strict=True))
    return height, width, channels


def _stack(layers: Sequence[Sequence[Pair]]) -> Sequence[Sequence[Pair]]:
    """Return a stack of layers if it is a sequence."""
    if not isinstance(layers, Sequence) or isinstance(layers, str):
        raise TypeError(f"layers must be a list, got {layers!r}; write a pair for each: [(3, 1), (2, 2)]")
    return layers


def _layer(
    index: int, layer: Sequence[Pair | Padding], lengths: tuple[int, ...]
) -> tuple[tuple[int, int], tuple[int, int], int | str]:
    """Check one layer of a stack, calling it by its place; without a padding it has 0."""
    form = "(kernel_size, stride)" + (" or (kernel_size, stride, padding)" if 3 in lengths else "")
    if not isinstance(layer, Sequence) or isinstance(layer, str) or len(layer) not in lengths:
        raise ValueError(f"layers[{index}] is {layer!r}; give {form}, such as (3, 1)")
    kernel = pair(f"the kernel_size in layers[{index}]", layer[0])
    stride = pair(f"the stride in layers[{index}]", layer[1])
    return kernel, stride, _padding(layer[2]) if len(layer) == 3 else 0


def _unit(unit: Sequence[Size], size: tuple[int, int]) -> tuple[int, int]:
    """Check the place of a unit in a feature map of the given size."""
    entries = _sequence("unit", unit)
    if len(entries) != 2:
        raise ValueError(f"unit has {len(entries)} entries, {tuple(entries)!r}; give (row, column)")
    row, column = (whole_number(f"unit[{axis}]", entry, least=0) for axis, entry in enumerate(entries))
    if row >= size[0] or column >= size[1]:
        raise ValueError(
            f"there is no unit ({row}, {column}) in a {_by(size)} feature map; the last is "
            f"({size[0] - 1}, {size[1] - 1}), for rows and columns count from 0"
        )
    return row, column


def _require_fit(
    size: tuple[int, int], kernel: tuple[int, int], p: int | str, noun: str = "filter"
) -> None:
    """Raise the error that says which padding or filter size would fit, if this one does not."""
    if p == "same":  # it pads until the windows fit
        return
    room = tuple(n + 2 * p for n in size)
    missing = max(f - n for f, n in zip(kernel, size, strict=True))
    if missing <= 2 * p:
        return
    largest = room[0] if room[0] == room[1] and kernel[0] == kernel[1] else _by(room)
    raise ValueError(
        f"a {_by(kernel)} {noun} does not fit a {_by(size)} input with padding {p}; "
        f"padding {-(-missing // 2)} or a {noun} of at most {largest} would"
    )


def _by(size: tuple[int, int]) -> str:
    """Write a size as people do: 5 x 3."""
    return f"{size[0]} x {size[1]}"
