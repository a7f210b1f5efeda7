"""Ten drawn classes in the place of CIFAR-10, for a machine that has neither the pictures nor a network.

The drawings have the shapes, types and class names of CIFAR-10: a car is two boxes on two wheels, a cat a
head with pointed ears. They let every cell run. They say nothing about how well a network does on
photographs.
"""

from __future__ import annotations

import numpy as np

from notmagic.datasets.cifar10 import CLASS_NAMES, Cifar10

__all__ = ["banner", "draw"]

TRAIN, TEST, BLOCK = 10_000, 2_000, 500
SOURCE = "drawn stand-in, not CIFAR-10"

# A drawing is a list of parts on a square from (-1, -1) at the top left to (1, 1):
# ("ellipse", centre x, centre y, radius x, radius y, paint) or ("box", left, top, right, bottom, paint)
# or ("triangle", x1, y1, x2, y2, x3, y3, paint). Later parts cover earlier ones.
# Paints: 0 body, 1 second colour, 2 dark, 3 light.
DRAWINGS: dict[str, list[tuple]] = {
    "airplane": [
        ("triangle", -0.05, -0.7, 0.3, 0.0, -0.3, 0.0, 0),
        ("triangle", -0.05, 0.7, 0.3, 0.0, -0.3, 0.0, 0),
        ("triangle", -0.95, -0.35, -0.55, 0.0, -0.85, 0.0, 1),
        ("ellipse", 0.0, 0.0, 0.9, 0.14, 0),
        ("ellipse", 0.7, -0.02, 0.12, 0.06, 2),
    ],
    "automobile": [
        ("box", -0.85, -0.05, 0.85, 0.35, 0),
        ("box", -0.5, -0.4, 0.4, 0.0, 0),
        ("box", -0.4, -0.3, 0.3, -0.05, 3),
        ("ellipse", -0.5, 0.38, 0.2, 0.2, 2),
        ("ellipse", 0.5, 0.38, 0.2, 0.2, 2),
    ],
    "bird": [
        ("ellipse", 0.0, 0.1, 0.5, 0.32, 0),
        ("ellipse", 0.42, -0.3, 0.22, 0.2, 0),
        ("box", -0.05, 0.35, 0.0, 0.75, 2),
        ("triangle", 0.58, -0.35, 0.58, -0.18, 0.9, -0.25, 1),
        ("triangle", -0.4, 0.0, -0.4, 0.25, -0.9, -0.1, 1),
        ("box", 0.12, 0.35, 0.17, 0.75, 2),
        ("ellipse", 0.48, -0.33, 0.05, 0.05, 2),
    ],
    "cat": [
        ("triangle", -0.55, -0.75, -0.6, -0.1, -0.05, -0.4, 0),
        ("triangle", 0.55, -0.75, 0.6, -0.1, 0.05, -0.4, 0),
        ("ellipse", 0.0, 0.1, 0.62, 0.58, 0),
        ("ellipse", -0.25, 0.0, 0.11, 0.11, 3),
        ("ellipse", 0.25, 0.0, 0.11, 0.11, 3),
        ("ellipse", 0.0, 0.28, 0.08, 0.06, 1),
    ],
    "deer": [
        ("box", -0.45, 0.2, -0.35, 0.9, 0),
        ("box", 0.2, 0.2, 0.3, 0.9, 0),
        ("ellipse", -0.1, 0.1, 0.5, 0.24, 0),
        ("triangle", 0.2, 0.1, 0.42, -0.35, 0.5, -0.2, 0),
        ("ellipse", 0.5, -0.32, 0.2, 0.13, 0),
        ("box", 0.38, -0.9, 0.44, -0.4, 1),
        ("box", 0.56, -0.9, 0.62, -0.4, 1),
        ("box", 0.25, -0.75, 0.75, -0.68, 1),
    ],
    "dog": [
        ("ellipse", 0.0, 0.0, 0.5, 0.55, 0),
        ("ellipse", -0.52, 0.1, 0.17, 0.45, 1),
        ("ellipse", 0.52, 0.1, 0.17, 0.45, 1),
        ("ellipse", 0.0, 0.38, 0.3, 0.28, 3),
        ("ellipse", 0.0, 0.26, 0.13, 0.1, 2),
        ("ellipse", -0.2, -0.12, 0.08, 0.08, 2),
        ("ellipse", 0.2, -0.12, 0.08, 0.08, 2),
    ],
    "frog": [
        ("ellipse", -0.55, 0.45, 0.3, 0.25, 1),
        ("ellipse", 0.55, 0.45, 0.3, 0.25, 1),
        ("ellipse", 0.0, 0.2, 0.7, 0.4, 0),
        ("ellipse", -0.35, -0.22, 0.2, 0.2, 0),
        ("ellipse", 0.35, -0.22, 0.2, 0.2, 0),
        ("ellipse", -0.35, -0.25, 0.1, 0.1, 2),
        ("ellipse", 0.35, -0.25, 0.1, 0.1, 2),
        ("box", -0.4, 0.28, 0.4, 0.33, 2),
    ],
    "horse": [
        ("box", -0.6, 0.1, -0.45, 0.9, 0),
        ("box", 0.2, 0.1, 0.35, 0.9, 0),
        ("ellipse", -0.1, 0.1, 0.6, 0.3, 0),
        ("triangle", 0.1, 0.1, 0.5, 0.2, 0.6, -0.75, 0),
        ("ellipse", 0.68, -0.58, 0.28, 0.16, 0),
        ("triangle", 0.1, 0.0, 0.3, 0.0, 0.5, -0.8, 2),
        ("triangle", -0.65, 0.0, -0.6, 0.1, -0.95, 0.6, 2),
    ],
    "ship": [
        ("box", -0.95, 0.45, 0.95, 0.95, 1),
        ("triangle", -0.9, 0.05, -0.5, 0.5, -0.5, 0.05, 0),
        ("triangle", 0.9, 0.05, 0.5, 0.5, 0.5, 0.05, 0),
        ("box", -0.5, 0.05, 0.5, 0.5, 0),
        ("box", -0.4, -0.25, 0.3, 0.05, 3),
        ("box", -0.1, -0.6, 0.1, -0.25, 2),
    ],
    "truck": [
        ("box", -0.9, -0.55, 0.3, 0.35, 1),
        ("box", 0.35, -0.2, 0.85, 0.35, 0),
        ("box", 0.5, -0.1, 0.75, 0.1, 3),
        ("ellipse", -0.6, 0.4, 0.18, 0.18, 2),
        ("ellipse", -0.15, 0.4, 0.18, 0.18, 2),
        ("ellipse", 0.6, 0.4, 0.18, 0.18, 2),
    ],
}
SKY_OR_SEA = ("airplane", "ship")
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")


def draw(train: int | None = None, test: int | None = None, seed: int = 0) -> Cifar10:
    """Draw the stand-in.

    Parameters
    ----------
    train, test : int, optional
        Keep only the first so many images; there are 10,000 and 2,000, each class equally often, mixed.
    seed : int
        Fixes every picture.

    Returns
    -------
    Cifar10
        Shapes and types as for CIFAR-10; ``is_real`` is False.
    """
    splits = []
    for split, (total, limit) in enumerate(((TRAIN, train), (TEST, test))):
        wanted = min(total, limit or total)
        # Each block has its own random numbers, so a limit saves work and changes no picture.
        blocks = [draw_block((seed, split, block)) for block in range(-(-wanted // BLOCK))]
        splits += [np.concatenate(arrays)[:wanted] for arrays in zip(*blocks, strict=True)]
    return Cifar10(*splits, CLASS_NAMES, SOURCE, False)


def draw_block(seed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Draw fifty pictures of each class, mixed.

    Parameters
    ----------
    seed : tuple of int
        Fixes the pictures and their order.

    Returns
    -------
    images : numpy.ndarray
        uint8 (500, 32, 32, 3).
    labels : numpy.ndarray
        uint8 (500,).
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(10, dtype=np.uint8), BLOCK // 10))
    images = np.empty((BLOCK, 32, 32, 3), np.uint8)
    for label, name in enumerate(CLASS_NAMES):
        images[labels == label] = draw_class(name, BLOCK // 10, rng)
    return images, labels


def draw_class(name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one class in ``count`` variations of place, size, tilt, colours, light and noise.

    Parameters
    ----------
    name : str
        A key of ``DRAWINGS``.
    count : int
        How many pictures.
    rng : numpy.random.Generator
        Where the variations come from.

    Returns
    -------
    numpy.ndarray
        uint8 (count, 32, 32, 3).
    """
    x, y = _jittered_grid(count, rng)
    picture = _background(name, count, rng)
    paints = _paints(name, count, rng)
    for shape, *numbers, paint in DRAWINGS[name]:
        cover = _inside(shape, numbers, x, y)[..., None]  # (N, 32, 32, 1), 1 within the part
        picture += cover * (paints[:, paint, None, None, :] - picture)
    light = rng.uniform(0.6, 1.15, (count, 1, 1, 1))
    noise = 0.07 * rng.standard_normal(picture.shape, np.float32)
    return (255 * np.clip(light.astype(np.float32) * picture + noise, 0, 1)).astype(np.uint8)


def _jittered_grid(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the drawing's coordinates x, y at each pixel, (N, 32, 32), moved, scaled, tilted, mirrored."""
    ticks = np.linspace(-1, 1, 32)
    right, down = np.meshgrid(ticks, ticks)
    angle, scale = rng.uniform(-0.35, 0.35, (count, 1, 1)), rng.uniform(0.6, 1.05, (count, 1, 1))
    shift = rng.uniform(-0.25, 0.25, (2, count, 1, 1))
    mirror = rng.choice([-1.0, 1.0], (count, 1, 1))
    right, down = right - shift[0], down - shift[1]
    x = mirror * (np.cos(angle) * right + np.sin(angle) * down) / scale
    y = (np.cos(angle) * down - np.sin(angle) * right) / scale
    return x.astype(np.float32), y.astype(np.float32)


def _background(name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return soft two-colour backgrounds (N, 32, 32, 3): mostly blue for aeroplanes and ships, else any."""
    top, bottom = rng.uniform(0.2, 0.9, (2, count, 1, 1, 3))
    if name in SKY_OR_SEA:
        top = np.array([0.5, 0.7, 0.9]) + rng.normal(0, 0.12, top.shape)
        bottom = top + rng.normal(0, 0.1, top.shape)
    ramp = np.linspace(0, 1, 32)[:, None, None]
    return np.broadcast_to((1 - ramp) * top + ramp * bottom, (count, 32, 32, 3)).astype(np.float32)


def _paints(name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return four colours per picture, (N, 4, 3): body, second colour, dark, light; animals get fur."""
    paints = rng.uniform(0.05, 0.95, (count, 4, 3))
    if name in ANIMALS:
        fur = np.array([0.55, 0.42, 0.28]) * rng.uniform(0.4, 1.6, (count, 1, 1))
        paints[:, :2] = fur + rng.normal(0, 0.1, (count, 2, 3))
    paints[:, 2] = rng.uniform(0.0, 0.2, (count, 1))
    paints[:, 3] = rng.uniform(0.75, 1.0, (count, 1))
    return paints.astype(np.float32)


def _inside(shape: str, numbers: list[float], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return 1 where a pixel lies within a part and 0 elsewhere, with an edge about a pixel wide."""
    if shape == "ellipse":
        centre_x, centre_y, radius_x, radius_y = numbers
        depth = (1 - np.hypot((x - centre_x) / radius_x, (y - centre_y) / radius_y)) * min(radius_x, radius_y)
    elif shape == "box":
        left, top, right, bottom = numbers
        depth = np.minimum.reduce([x - left, right - x, y - top, bottom - y])
    else:
        corners = np.reshape(numbers, (3, 2))
        middle = corners.mean(axis=0)
        depth = np.minimum.reduce(
            [_depth_behind(corners[i], corners[(i + 1) % 3], middle, x, y) for i in range(3)]
        )
    return np.clip(depth / 0.06 + 0.5, 0, 1)


def _depth_behind(
    start: np.ndarray, end: np.ndarray, middle: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return how far pixels lie from the line through two corners, positive on the side of ``middle``."""
    along = (end - start) / np.hypot(*(end - start))
    normal = np.array([-along[1], along[0]])
    if normal @ (middle - start) < 0:
        normal = -normal
    return normal[0] * (x - start[0]) + normal[1] * (y - start[1])


# Whoever stores results looks for this line, so that the drawings' never replace the pictures'.
HEADLINE = "THESE ARE NOT THE CIFAR-10 PICTURES"


def banner(reasons: list[str]) -> str:
    """Return the notice that goes with the stand-in.

    Parameters
    ----------
    reasons : list of str
        Why each better source could not be used.

    Returns
    -------
    str
        Several lines to print.
    """
    rule = "=" * 78
    tried = "\n".join(f"  - {reason}" for reason in reasons)
    return (
        f"{rule}\n  {HEADLINE}: a drawn stand-in takes their place.\n"
        "  Every cell runs, but accuracies here say nothing about photographs.\n\n"
        f"  Why:\n{tried}\n\n"
        "  To get the real ones: set NOTMAGIC_CIFAR10 to a folder that holds them and\n"
        f"  restart the notebook, or run this again when the machine has a network.\n{rule}"
    )
