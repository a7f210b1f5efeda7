"""The scenes of chapter 7: what is in them, where it comes from, and that only the cat gives the cat away."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from notmagic.datasets import background_scene, cat_picture, cat_scenes, dog_picture, place_cat

module = sys.modules["notmagic.datasets.cat_scenes"]  # the package gives the function that name


def quarter(scene, quadrant):
    """The pixels of one quadrant."""
    side = scene.shape[0] // 2
    row, column = divmod(int(quadrant), 2)
    return scene[row * side : (row + 1) * side, column * side : (column + 1) * side]


def likeness(a, b):
    """Correlation of two pictures: 1 for the same one, also when it is lighter or has more contrast."""
    return np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]


def best_likeness(patch, picture):
    return max(likeness(patch, picture), likeness(patch, picture[:, ::-1]))


@pytest.fixture(scope="module", params=["train", "test"])
def scenes(request):
    return cat_scenes(41, request.param, seed=3)


def test_half_of_the_scenes_have_a_cat_and_it_is_where_they_say(scenes):
    assert (scenes.x.shape, scenes.x.dtype) == ((41, 256, 256, 3), np.uint8)
    assert (scenes.y.dtype, scenes.quadrant.dtype) == (np.uint8, np.int8)
    assert scenes.y.sum() == 20 and scenes.y.min() == 0
    np.testing.assert_array_equal(scenes.quadrant >= 0, scenes.y == 1)
    assert set(scenes.quadrant) == {-1, 0, 1, 2, 3}
    assert scenes.y[:20].sum() not in (0, 20)  # mixed, not one kind after the other
    assert scenes.dog is None and scenes.dog_quadrant is None
    cat = cat_picture()
    for scene, place in zip(scenes.x, scenes.quadrant, strict=True):
        found = [best_likeness(quarter(scene, q), cat) for q in range(4)]
        if place < 0:
            assert max(found) < 0.7
        else:
            assert found[place] > 0.7
            assert max(found[:place] + found[place + 1 :]) < 0.7


def test_every_scene_has_one_pasted_quadrant_with_or_without_a_cat(scenes):
    """A jump along both inner edges of a quadrant is larger than between neighbours in a photograph."""
    x = scenes.x.astype(np.int16)
    across = np.abs(np.diff(x[:, :, 100:129], axis=2)).mean(axis=-1)  # (N, 256, 28), the seam last
    down = np.abs(np.diff(x[:, 100:129], axis=1)).mean(axis=-1)  # (N, 28, 256)
    seams, usual = [], []
    for half in (slice(0, 128), slice(128, 256)):
        seams += [across[:, half, -1].mean(axis=1), down[:, -1, half].mean(axis=1)]
        usual += [across[:, half, :-1].mean(axis=(1, 2)), down[:, :-1, half].mean(axis=(1, 2))]
    jump = np.sort(np.array(seams) / np.array(usual), axis=0)  # of four half seams two belong to the piece
    assert (np.median(jump[2:, scenes.y == 1]), np.median(jump[2:, scenes.y == 0])) > (2, 2)
    assert np.median(jump[:2]) < 1.3


def test_the_same_seed_gives_the_same_scenes_and_another_gives_others():
    first, again = cat_scenes(6, seed=5, second=True), cat_scenes(6, seed=5, second=True)
    for name in ("x", "y", "quadrant", "dog", "dog_quadrant"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.x, cat_scenes(6, seed=6, second=True).x)
    assert not np.array_equal(cat_scenes(6).x, cat_scenes(6, "test").x)
    np.testing.assert_array_equal(background_scene(seed=4), background_scene(seed=4))
    assert not np.array_equal(background_scene(seed=4), background_scene(seed=5))


def test_no_photograph_and_no_shift_of_the_cat_is_on_both_sides(monkeypatch):
    train, test = (module._PHOTOGRAPHS[split] for split in ("train", "test"))
    assert not set(train) & set(test)
    assert "chelsea" not in train + test  # a piece of the cat as a piece without a cat
    seen = {"train": set(), "test": set()}
    for split, shifts in seen.items():
        monkeypatch.setattr(module, "_animal", lambda _, *shift, to=shifts: to.add(shift) or np.array([[0]]))
        random = np.random.default_rng(0)
        for _ in range(1500):
            module._face(0, split, random)
    # Of the 17 x 16 shifts each side has every second one.
    assert (len(seen["train"]), len(seen["test"])) == (136, 136)
    assert not seen["train"] & seen["test"]
    reach = np.abs([*seen["train"], *seen["test"]]).max(axis=0)
    np.testing.assert_array_equal(reach, [module._SHIFT, module._SHIFT])


@pytest.mark.parametrize("split", ["train", "test"])
def test_backgrounds_are_cut_from_the_photographs_of_their_side(split, monkeypatch):
    """Whole photographs of one value each stand in, so that every pixel says where it is from."""
    values = {"train": (10, 20, 30), "test": (110, 120)}
    sheets = {s: tuple(np.full((300, 400, 3), v, np.uint8) for v in vs) for s, vs in values.items()}
    monkeypatch.setattr(module, "_photographs", sheets.get)
    monkeypatch.setattr(module, "_halved_photographs", sheets.get)
    monkeypatch.setattr(module, "_lighten", lambda picture, contrast, brightness: picture.copy())
    scenes = cat_scenes(60, split, seed=1)
    without = scenes.x[scenes.y == 0]
    assert set(np.unique(without)) == set(values[split])
    for scene in without:
        # Three quadrants of one photograph, and one of another.
        pixels = np.unique(scene, return_counts=True)[1]
        np.testing.assert_array_equal(np.sort(pixels) / scene.size, [0.25, 0.75])


@pytest.mark.parametrize("places", [(0, 1), (2,), (3, 1, 0)])
def test_pieces_go_only_where_they_may_with_and_without_a_cat(places, monkeypatch):
    def red(*_):
        return np.array([255, 0, 0], np.uint8) * np.ones((128, 128, 1), np.uint8)

    monkeypatch.setattr(module, "_face", red)
    monkeypatch.setattr(module, "_distractor", red)
    scenes = cat_scenes(60, quadrants=places, seed=2)
    assert set(scenes.quadrant) == {-1, *places}
    pasted = np.array([[np.all(quarter(scene, q) == (255, 0, 0)) for q in range(4)] for scene in scenes.x])
    np.testing.assert_array_equal(pasted.sum(axis=1), 1)
    for has_cat in (0, 1):
        assert set(pasted[scenes.y == has_cat].argmax(axis=1)) == set(places)


@pytest.mark.parametrize("size", [128, 64, 32])
def test_smaller_scenes_are_the_large_ones_averaged(size):
    large, small = (cat_scenes(8, "test", second=True, seed=9, size=n) for n in (256, size))
    for name in ("y", "quadrant", "dog", "dog_quadrant"):
        np.testing.assert_array_equal(getattr(small, name), getattr(large, name))
    block = 256 // size
    means = large.x.reshape(8, size, block, size, block, 3).mean(axis=(2, 4))
    assert small.x.shape == (8, size, size, 3) and small.x.dtype == np.uint8
    np.testing.assert_array_equal(small.x, np.floor(means + 0.5))
    halves = cat_picture().reshape(size // 2, block, size // 2, block, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(cat_picture(size // 2), np.floor(halves + 0.5))


def test_cat_and_dog_come_together_alone_and_not_at_all():
    scenes = cat_scenes(40, second=True, seed=7)
    assert np.unique(2 * scenes.dog + scenes.y, return_counts=True)[1].tolist() == [10, 10, 10, 10]
    np.testing.assert_array_equal(scenes.dog_quadrant >= 0, scenes.dog == 1)
    both = (scenes.y & scenes.dog) == 1
    assert (scenes.quadrant[both] != scenes.dog_quadrant[both]).all()
    for scene, place in zip(scenes.x, scenes.dog_quadrant, strict=True):
        found = [best_likeness(quarter(scene, q), dog_picture()) for q in range(4)]
        assert (max(found) < 0.6) if place < 0 else (found.index(max(found)) == place and max(found) > 0.6)
    assert "40 scenes of 256 x 256, 20 with a cat and 20 with a dog" in repr(scenes)


def test_the_cat_can_be_put_anywhere_and_the_scene_is_left_as_it_was():
    scene = background_scene(seed=1)
    before = scene.copy()
    placed = place_cat(scene, 64, 37, mirror=True)
    np.testing.assert_array_equal(scene, before)
    np.testing.assert_array_equal(placed[64:192, 37:165], cat_picture(mirror=True))
    outside = np.ones((256, 256), bool)
    outside[64:192, 37:165] = False
    np.testing.assert_array_equal(placed[outside], before[outside])
    small = place_cat(background_scene(seed=1, size=64), 16, 12, brightness=10)
    np.testing.assert_array_equal(small[16:48, 12:44], cat_picture(32, brightness=10))
    assert place_cat(scene, 128, 128).shape == (256, 256, 3)


def test_contrast_and_brightness_act_as_described():
    plain = cat_picture().astype(int)
    np.testing.assert_array_equal(cat_picture(mirror=True), plain[:, ::-1])
    np.testing.assert_array_equal(cat_picture(brightness=40), np.clip(plain + 40, 0, 255))
    assert np.unique(cat_picture(contrast=0, brightness=-8)).tolist() == [120]
    spread = cat_picture(contrast=0.5).std() / cat_picture().std()
    assert spread == pytest.approx(0.5, abs=0.01)


def test_the_source_names_the_photographs_and_credits_what_must_be():
    for split, author in (("train", "vultilion"), ("test", "danielbuechele")):
        source = cat_scenes(2, split, size=32).source
        assert "CC BY 2.0" in source and author in source and "chelsea" in source
        assert all(name in source for name in module._PHOTOGRAPHS[split])
        assert "drawn" not in source
    assert cat_scenes(4, second=True, size=32).source.endswith("the dog is drawn")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 1}, "count is 1, expected a whole number of at least 2"),
        ({"count": 3, "second": True}, "at least 4"),
        ({"count": 2.5}, "count is 2.5"),
        ({"split": "valid"}, "split is 'valid', expected 'train' or 'test'"),
        ({"seed": -1}, "seed is -1, expected a whole number of 0 or more"),
        ({"size": 100}, "size is 100, expected 256, 128, 64 or 32"),
        ({"quadrants": ()}, r"quadrants are \(\), expected some of 0 \(top left\)"),
        ({"quadrants": (1, 4)}, r"quadrants are \(1, 4\)"),
        ({"quadrants": (2,), "second": True}, "a cat and a dog need one quadrant each"),
    ],
)
def test_impossible_scenes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        cat_scenes(**{"count": 4, **arguments})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cat_picture(100), "size is 100, expected 128, 64, 32 or 16"),
        (lambda: dog_picture(contrast=-1), "contrast is -1, expected a factor of 0 or more"),
        (lambda: place_cat(background_scene(), 129, 0), "top is 129, expected a whole number from 0 to 128"),
        (lambda: place_cat(background_scene(), 0, 0.5), "left is 0.5"),
        (lambda: place_cat(np.zeros((256, 256, 3)), 0, 0), "scene is float64 of shape"),
        (lambda: place_cat(cat_scenes(2).x, 0, 0), r"pass one scene, such as cat_scenes\(2\).x\[0\]"),
        (lambda: background_scene("both"), "split is 'both'"),
    ],
)
def test_impossible_pictures_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_everything_is_made_without_a_network(tmp_path):
    """In a fresh process, with an empty folder for downloads, and every connection refused."""
    program = (
        "from notmagic.datasets import cat_scenes\n"
        "for split in ('train', 'test'):\n"
        "    print(cat_scenes(60, split, second=True, size=32))\n"
    )
    offline = Path(__file__).parent / "offline"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PYTHONPATH": f"{offline}:{offline.parents[1]}",
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == 2 * "CatScenes(60 scenes of 32 x 32, 30 with a cat and 30 with a dog)\n"
