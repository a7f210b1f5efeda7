"""Scenes in four quadrants, with a real cat in one of them or in none, made on the spot from photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["CatScenes", "background_scene", "cat_picture", "cat_scenes", "dog_picture", "place_cat"]

_SIZE = 256  # pixels along a side of a scene
_PATCH = 128  # pixels along a side of a quadrant
_SIZES = (256, 128, 64, 32)

# Photographs in scikit-image, or in scikit-learn where the name has a dot. None of them shows a cat, and no
# photograph is on both sides.
_PHOTOGRAPHS = {
    "train": ("coffee", "camera", "brick", "grass", "rocket", "flower.jpg"),
    "test": ("astronaut", "gravel", "hubble_deep_field", "china.jpg"),
}

# The cat's face: a square of 256 pixels of `chelsea`, chosen by eye so that at every shift both eyes and the
# nose are inside. Halved, it fills a quadrant.
_FACE_TOP, _FACE_LEFT = 28, 112
#: Furthest shift of a face in a scene, in pixels of the photograph: half as many in the scene.
_SHIFT = 8
_CONTRAST = (0.8, 1.2)
_BRIGHTNESS = (-25, 25)

_SOURCE = (
    "made from photographs that come with scikit-image (cat: chelsea by Stefan van der Walt; {names}) and "
    "scikit-learn ({credit}, CC BY 2.0)"
)
_CREDITS = {"flower.jpg": "flower.jpg by vultilion", "china.jpg": "china.jpg by danielbuechele"}


@dataclass(frozen=True, eq=False)
class CatScenes:
    """Scenes, and what is in them.

    Attributes
    ----------
    x : numpy.ndarray
        uint8 (N, size, size, 3), red, green and blue from 0 to 255.
    y : numpy.ndarray
        uint8 (N,), 1 where there is a cat, otherwise 0.
    quadrant : numpy.ndarray
        int8 (N,), where the cat is: 0 top left, 1 top right, 2 bottom left, 3 bottom right, -1 nowhere.
    source : str
        A sentence saying where the pictures come from.
    dog, dog_quadrant : numpy.ndarray or None
        The same as `y` and `quadrant` for the drawn dog; None if no dogs were asked for.
    """

    x: np.ndarray
    y: np.ndarray
    quadrant: np.ndarray
    source: str
    dog: np.ndarray | None = None
    dog_quadrant: np.ndarray | None = None

    def __repr__(self) -> str:
        """Say how many scenes there are and how many show what, not what is in them."""
        size = self.x.shape[1]
        dogs = "" if self.dog is None else f" and {self.dog.sum():,} with a dog"
        return f"CatScenes({len(self.x):,} scenes of {size} x {size}, {self.y.sum():,} with a cat{dogs})"


def cat_scenes(
    count: int,
    split: str = "train",
    *,
    quadrants: Sequence[int] = (0, 1, 2, 3),
    second: bool = False,
    seed: int = 0,
    size: int = 256,
) -> CatScenes:
    """Make scenes of which half show a cat, in one of four quadrants.

    A scene is cut out of a photograph, and one quadrant of it is replaced: by the cat's face in half of the
    scenes, by a piece of *another* photograph in the other half. So a replaced quadrant, with its straight
    edges, says nothing about the cat. Both kinds of pieces are halved in size, shifted, mirrored or not, and
    varied in contrast and brightness in the same way.

    Scenes for training and for testing come from different photographs, and no shift of the cat's face in
    the one occurs in the other. There is one photograph of one cat, though: what a network learns here is
    this cat, not cats.

    Parameters
    ----------
    count : int
        Number of scenes, at least 2 (with `second`, 4). Half of them, rounded down, have a cat.
    split : str
        ``"train"`` or ``"test"``.
    quadrants : sequence of int
        Where pieces may be pasted, with and without a cat: some of 0 (top left), 1 (top right),
        2 (bottom left), 3 (bottom right).
    second : bool
        Paste two pieces into each scene, the second of them the dog of `dog_picture` in half of the scenes:
        a quarter of the scenes each have both, a cat only, a dog only, and neither (as nearly as `count`
        allows).
    seed : int
        0 or more. Same seed, same scenes.
    size : int
        Pixels along a side: 256, 128, 64 or 32. Smaller scenes are the same scenes, with square blocks of
        pixels averaged into one.

    Returns
    -------
    CatScenes

    Raises
    ------
    ValueError
        If one of the arguments is not as described above.

    Notes
    -----
    Sources: scikit-image's ``chelsea`` (the cat; S. van der Walt, CC0), ``coffee``, ``camera``, ``brick``,
    ``gravel``, ``grass`` (CC0), ``astronaut``, ``rocket`` and ``hubble_deep_field`` (public domain);
    scikit-learn's ``flower.jpg`` (by vultilion) and ``china.jpg`` (by danielbuechele), both CC BY 2.0, here
    cut, mirrored and varied in brightness. All of them are installed with the two packages.
    """
    places = _check_quadrants(quadrants, second)
    _check(count, split, seed, size, least=4 if second else 2)
    random = np.random.default_rng([seed, list(_PHOTOGRAPHS).index(split)])
    # Numbers 0 to 3 in equal parts: bit 0 is the cat, bit 1 the dog.
    kinds = random.permutation(np.arange(count) % (4 if second else 2))
    x = np.empty((count, size, size, 3), np.uint8)
    where = np.full((2, count), -1, np.int8)
    for i, kind in enumerate(kinds):
        scene, photograph = _background(split, random)
        for animal, quadrant in enumerate(random.choice(places, 1 + second, replace=False)):
            if kind >> animal & 1:
                patch = _face(animal, split, random)
                where[animal, i] = quadrant
            else:
                patch = _distractor(split, photograph, random)
            row, column = np.array(divmod(quadrant, 2)) * _PATCH
            scene[row : row + _PATCH, column : column + _PATCH] = patch
        x[i] = _shrink(scene, _SIZE // size)
    y = (where >= 0).astype(np.uint8)
    return CatScenes(x, y[0], where[0], _source(split, second), *((y[1], where[1]) if second else ()))


def background_scene(split: str = "train", *, seed: int = 0, size: int = 256) -> np.ndarray:
    """Cut a scene out of one of the photographs and paste nothing into it.

    Parameters
    ----------
    split, seed, size
        As for `cat_scenes`; same seed, same scene.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)

    Raises
    ------
    ValueError
        If one of the arguments is not as described there.
    """
    _check(2, split, seed, size, least=2)
    random = np.random.default_rng([seed, list(_PHOTOGRAPHS).index(split)])
    return _shrink(_background(split, random)[0], _SIZE // size)


def cat_picture(
    size: int = 128, *, mirror: bool = False, contrast: float = 1.0, brightness: float = 0.0
) -> np.ndarray:
    """Return the cat's face as it fills a quadrant, neither shifted nor, if not asked for, varied.

    Parameters
    ----------
    size : int
        Pixels along a side: 128, 64, 32 or 16.
    mirror : bool
        Swap left and right.
    contrast : float
        Factor on the distance of each value from mid grey (128), 0 or more. The scenes have 0.8 to 1.2.
    brightness : float
        Added to each value after that. The scenes have -25 to 25.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)

    Raises
    ------
    ValueError
        If the size is none of these, or the contrast negative.

    Notes
    -----
    Source: scikit-image's ``chelsea``, rows 28 to 283 and columns 112 to 367, halved (S. van der Walt, CC0).
    """
    return _picture(0, size, mirror, contrast, brightness)


def dog_picture(
    size: int = 128, *, mirror: bool = False, contrast: float = 1.0, brightness: float = 0.0
) -> np.ndarray:
    """Return the face of a dog: a drawing made by code, not a photograph.

    No photograph of a dog that may be given away comes with the packages that the course installs. A brown
    head with hanging ears, a light snout, eyes and a nose, and noise for the fur, do for a second class. In
    scenes it is shifted, mirrored and varied as the cat is.

    Parameters and errors are those of `cat_picture`.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
    """
    return _picture(1, size, mirror, contrast, brightness)


def place_cat(
    scene: np.ndarray,
    top: int,
    left: int,
    *,
    mirror: bool = False,
    contrast: float = 1.0,
    brightness: float = 0.0,
) -> np.ndarray:
    """Put the cat anywhere into a copy of a scene; its side is half that of the scene.

    Parameters
    ----------
    scene : ndarray of uint8, shape (size, size, 3)
        With a size of 256, 128, 64 or 32.
    top, left : int
        Row and column of the cat's top left pixel, from 0 to half the size. Multiples of half the size fill
        a quadrant; anything between lies on a seam.
    mirror, contrast, brightness
        As for `cat_picture`.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)

    Raises
    ------
    ValueError
        If the scene has another shape or type, or the cat would stick out of it.
    """
    scene = np.asarray(scene)
    size = scene.shape[0] if scene.ndim else 0
    if size not in _SIZES or scene.shape != (size, size, 3) or scene.dtype != np.uint8:
        raise ValueError(
            f"scene is {scene.dtype} of shape {scene.shape}, expected uint8 of shape (size, size, 3) with a "
            f"size of {_listed(_SIZES)}; pass one scene, such as cat_scenes(2).x[0]"
        )
    side = size // 2
    for name, value in (("top", top), ("left", left)):
        if not 0 <= value <= side or value != int(value):
            raise ValueError(
                f"{name} is {value}, expected a whole number from 0 to {side}: the cat is {side} pixels wide "
                f"and high and must stay inside the {size} x {size} scene"
            )
    placed = scene.copy()
    placed[int(top) : int(top) + side, int(left) : int(left) + side] = cat_picture(
        side, mirror=mirror, contrast=contrast, brightness=brightness
    )
    return placed


# ------------------------------------------------------------------------------------------------ pieces


def _background(split: str, random: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return a scene of its own (256, 256, 3) and the number of the photograph it was cut from."""
    photographs = _photographs(split)
    number = int(random.integers(len(photographs)))
    return _vary(_cut(photographs[number], _SIZE, random), random), number


def _distractor(split: str, not_from: int, random: np.random.Generator) -> np.ndarray:
    """Return a piece (128, 128, 3) of another photograph, halved as the cat is."""
    halved = _halved_photographs(split)
    number = (not_from + random.integers(1, len(halved))) % len(halved)
    return _vary(_cut(halved[number], _PATCH, random), random)


def _face(animal: int, split: str, random: np.random.Generator) -> np.ndarray:
    """Return a shifted face (128, 128, 3) of the cat (0) or the dog (1)."""
    down = int(random.integers(-_SHIFT, _SHIFT + 1))
    right = 2 * int(random.integers(-_SHIFT // 2, _SHIFT // 2))
    # Training and testing take turns like the squares of a chessboard: no shift occurs in both.
    right += (down + (split == "test")) % 2
    return _vary(_animal(animal, down, right), random)


def _animal(animal: int, down: int = 0, right: int = 0) -> np.ndarray:
    """Cut a face out of its picture, with the frame moved by some of its pixels, and halve it."""
    top, left = _FACE_TOP + down, _FACE_LEFT + right
    side = 2 * _PATCH
    return _shrink((_cat, _dog)[animal]()[top : top + side, left : left + side], 2)


def _picture(animal: int, size: int, mirror: bool, contrast: float, brightness: float) -> np.ndarray:
    sizes = tuple(s // 2 for s in _SIZES)
    if size not in sizes:
        raise ValueError(f"size is {size}, expected {_listed(sizes)}: half the size of a scene")
    if not contrast >= 0:
        raise ValueError(f"contrast is {contrast}, expected a factor of 0 or more; 1 changes nothing")
    face = _lighten(_animal(animal), contrast, brightness)
    return _shrink(face[:, ::-1] if mirror else face, _PATCH // size)


def _cut(photograph: np.ndarray, side: int, random: np.random.Generator) -> np.ndarray:
    """Return a random square of a picture (H, W, 3); a view."""
    top, left = (int(random.integers(length - side + 1)) for length in photograph.shape[:2])
    return photograph[top : top + side, left : left + side]


def _vary(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the picture mirrored or not, with its contrast and brightness changed a little."""
    if random.random() < 0.5:
        picture = picture[:, ::-1]
    return _lighten(picture, random.uniform(*_CONTRAST), random.uniform(*_BRIGHTNESS))


def _lighten(picture: np.ndarray, contrast: float, brightness: float) -> np.ndarray:
    # One look-up for each of the 256 values is faster than arithmetic on each pixel.
    new = (np.arange(256) - 128) * contrast + 128 + brightness
    return np.clip(np.round(new), 0, 255).astype(np.uint8)[picture]


def _shrink(picture: np.ndarray, factor: int) -> np.ndarray:
    """Average each ``factor`` x ``factor`` block of (H, W, 3) into one pixel, halves rounded up."""
    if factor == 1:
        return picture
    # Slices, not a mean over axes: adding whole rows, then columns, is several times faster.
    rows = sum(picture[i::factor].astype(np.uint32) for i in range(factor))
    total = sum(rows[:, i::factor] for i in range(factor))
    return ((total + factor * factor // 2) // (factor * factor)).astype(np.uint8)


# ------------------------------------------------------------------------------------------- photographs


@cache
def _photographs(split: str) -> tuple[np.ndarray, ...]:
    from skimage import data
    from sklearn.datasets import load_sample_image

    return tuple(
        _in_colour(load_sample_image(name) if "." in name else getattr(data, name)())
        for name in _PHOTOGRAPHS[split]
    )


@cache
def _halved_photographs(split: str) -> tuple[np.ndarray, ...]:
    # An odd last row or column has no partner to be averaged with.
    return tuple(_shrink(p[: p.shape[0] // 2 * 2, : p.shape[1] // 2 * 2], 2) for p in _photographs(split))


@cache
def _cat() -> np.ndarray:
    from skimage import data

    return data.chelsea()


def _in_colour(picture: np.ndarray) -> np.ndarray:
    """Give a grey picture (H, W) three equal channels."""
    return np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture


@cache
def _dog() -> np.ndarray:
    """Draw a dog's face, as large as the cat's, on a sheet as large as the cat's photograph."""
    from PIL import Image, ImageDraw

    coat, dark, light, black = (150, 100, 60), (95, 58, 34), (205, 170, 130), (28, 24, 24)
    sheet = Image.new("RGB", (451, 300), (120, 135, 125))
    draw = ImageDraw.Draw(sheet)
    draw.ellipse((140, 38, 340, 300), fill=coat)  # head
    draw.ellipse((112, 52, 182, 230), fill=dark)  # hanging ears
    draw.ellipse((298, 52, 368, 230), fill=dark)
    draw.polygon([(228, 40), (252, 40), (262, 150), (218, 150)], fill=light)  # blaze
    draw.ellipse((178, 150, 302, 296), fill=light)  # snout
    for left in (186, 264):
        draw.ellipse((left, 110, left + 32, 142), fill=black)
        draw.ellipse((left + 8, 115, left + 16, 123), fill=(240, 240, 240))
    draw.ellipse((208, 170, 272, 214), fill=black)  # nose
    draw.line((240, 210, 240, 250), fill=black, width=5)  # mouth
    draw.arc((196, 220, 240, 264), 0, 180, fill=black, width=5)
    draw.arc((240, 220, 284, 264), 0, 180, fill=black, width=5)
    # Fur: noise smeared downwards, the same in the three channels.
    noise = np.random.default_rng(0).normal(0, 40, (308, 451))
    fur = np.mean([noise[i : i + 300] for i in range(8)], axis=0)
    return np.clip(np.asarray(sheet) + fur[:, :, None], 0, 255).astype(np.uint8)


def _source(split: str, second: bool) -> str:
    names = _PHOTOGRAPHS[split]
    plain = ", ".join(name for name in names if "." not in name)
    credit = ", ".join(_CREDITS[name] for name in names if "." in name)
    return _SOURCE.format(names=plain, credit=credit) + ("; the dog is drawn" if second else "")


# ------------------------------------------------------------------------------------------------ checks


def _check(count: int, split: str, seed: int, size: int, least: int) -> None:
    if count < least or count != int(count):
        raise ValueError(f"count is {count}, expected a whole number of at least {least}: one of each kind")
    if split not in _PHOTOGRAPHS:
        raise ValueError(f"split is {split!r}, expected {' or '.join(map(repr, _PHOTOGRAPHS))}")
    if seed < 0 or seed != int(seed):
        raise ValueError(f"seed is {seed}, expected a whole number of 0 or more")
    if size not in _SIZES:
        raise ValueError(f"size is {size}, expected {_listed(_SIZES)}: 256 divided without a remainder")


def _check_quadrants(quadrants: Sequence[int], second: bool) -> list[int]:
    places = sorted(set(quadrants))
    if not places or not set(places) <= {0, 1, 2, 3}:
        raise ValueError(
            f"quadrants are {tuple(quadrants)}, expected some of 0 (top left), 1 (top right), "
            "2 (bottom left) and 3 (bottom right)"
        )
    if second and len(places) < 2:
        raise ValueError(
            f"quadrants are {tuple(quadrants)}: a cat and a dog need one quadrant each; give at least two"
        )
    return places


def _listed(values: Sequence[int]) -> str:
    return ", ".join(map(str, values[:-1])) + f" or {values[-1]}"
