"""Boundary: its Python side against scikit-learn, the widget in Chromium with real keys and fingers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect
from site_tools import DESKTOP, PHONE
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import PolynomialFeatures
from widget_tools import WidgetPage

from notmagic.datasets import toy_points
from notmagic.widgets import Boundary

FOUR = {"xor": (np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]))}
PLAIN = str.maketrans("\u2212\u00a0", "- ")
STATE = ("data_name", "flipped", "degree", "regularisation", "show_test", "probe")


# ------------------------------------------------------------------------------------------- Python: state


def test_repr_is_short_and_stable():
    assert repr(Boundary()) == "Boundary('blobs', degree 1, regularisation 0, 80 training and 80 test points)"
    assert repr(Boundary(FOUR, degree=2, regularisation=0.01)) == (
        "Boundary('xor', degree 2, regularisation 0.01, 4 training and 0 test points)"
    )


@pytest.mark.parametrize("degree", range(1, 9))
def test_features_are_scikit_learns(degree):
    x = np.random.default_rng(degree).uniform(-2, 2, (10, 2))
    names, matrix = Boundary(degree=degree).features(x)
    theirs = PolynomialFeatures(degree, include_bias=False)
    np.testing.assert_allclose(matrix, theirs.fit_transform(x), rtol=1e-12)
    assert names == theirs.get_feature_names_out(["x1", "x2"]).tolist()
    assert len(names) == degree * (degree + 3) // 2


@pytest.mark.parametrize("name", ["blobs", "circles", "moons", "xor"])
def test_fits_are_scikit_learns(name):
    for degree in (1, 2, 3, 5, 8):
        for regularisation in (0.0001, 0.01, 1.0):
            widget = Boundary(data_name=name, degree=degree, regularisation=regularisation)
            (x, y), (x_test, y_test) = widget.training, widget.test
            model = LogisticRegression(
                C=1 / (regularisation * len(y)), solver="newton-cholesky", tol=1e-12, max_iter=500
            )
            model.fit(widget.features(x)[1], y)
            fit = widget.fit()
            assert fit.end == "best"
            np.testing.assert_allclose(fit.weights, model.coef_[0], atol=1e-5)
            assert fit.bias == pytest.approx(model.intercept_[0], abs=1e-5)
            p = model.predict_proba(widget.features(x_test)[1])[:, 1]
            np.testing.assert_allclose(widget.probability(x_test), p, atol=1e-6)
            loss, accuracy = widget.scores()["test"]
            assert loss == pytest.approx(log_loss(y_test, p), abs=1e-6)
            assert accuracy == pytest.approx(np.mean((p >= 0.5) == y_test))


def test_without_regularisation_the_fit_is_scikit_learns_where_there_is_one():
    for name, degree in (("blobs", 1), ("circles", 2), ("moons", 3), ("xor", 2)):
        widget = Boundary(data_name=name, degree=degree)
        x, y = widget.training
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=500)
        model.fit(widget.features(x)[1], y)
        fit = widget.fit()
        assert fit.end == "best"
        np.testing.assert_allclose(fit.weights, model.coef_[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "natural"), [("blobs", 1), ("circles", 2), ("moons", 3), ("xor", 2)])
def test_each_set_has_its_degree_and_overfits_beyond_it(name, natural):
    scores = {d: Boundary(data_name=name, degree=d).scores() for d in range(1, 9)}
    passing = [d for d, score in scores.items() if score["test"][1] > 0.95]
    assert passing[0] == natural
    training = [scores[d]["training"][0] for d in range(1, 9)]
    assert training[7] < 0.001 < training[natural - 1]
    assert scores[8]["test"][0] > 10 > 20 * scores[natural]["test"][0]
    held = Boundary(data_name=name, degree=8, regularisation=0.001).scores()["test"]
    assert held[0] < 0.3 and held[1] > scores[8]["test"][1]


def test_complete_separation_is_reported_with_all_points_right():
    widget = Boundary(data_name="circles", degree=8)
    assert widget.fit().end == "separated"
    loss, accuracy = widget.scores()["training"]
    assert accuracy == 1 and loss < 0.001
    assert widget.fit().steps < 30
    widget.regularisation = 1e-6
    assert widget.fit().end == "best"


def test_four_points_of_xor_are_all_for_training_and_no_line_divides_them():
    widget = Boundary(FOUR)
    np.testing.assert_array_equal(widget.training[0], FOUR["xor"][0])
    assert widget.fit().end == "best" and not widget.fit().weights.any()
    np.testing.assert_array_equal(widget.probability(FOUR["xor"][0]), 0.5)
    assert list(widget.scores()) == ["training"]
    widget.degree = 2
    assert widget.fit().end == "separated"
    assert widget.scores()["training"][1] == 1


def test_the_share_of_test_points_holds_in_each_class():
    x, y = toy_points("moons", 200)
    for share in (0, 0.25, 0.9):
        widget = Boundary({"moons": (x, y)}, test_share=share)
        assert len(widget.test[1]) == 200 * share
        assert widget.test[1].sum() == 100 * share
        both = np.concatenate([widget.training[0], widget.test[0]])
        assert {tuple(place) for place in both} == {tuple(place) for place in x.round(4)}


def test_flips_turn_classes_round_in_their_own_set():
    widget = Boundary()
    before, places = widget.training[1], Boundary().scores()
    widget.flipped = {"blobs": (7, 2)}
    assert widget.flipped == {"blobs": [2, 7]}
    assert np.flatnonzero(widget.training[1] != before).tolist() == [2, 7]
    assert widget.scores()["training"][0] > places["training"][0]
    widget.data_name = "moons"
    np.testing.assert_array_equal(widget.training[1], Boundary(data_name="moons").training[1])
    widget.set_state({"data_name": "xor", "flipped": {"xor": [3]}, "degree": 4, "probe": [0.1, 0.2]})
    assert (widget.data_name, widget.flipped, widget.degree) == ("xor", {"xor": [3]}, 4)


X, Y = np.zeros((4, 2)), [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": []}, "data is list; expected a dict"),
        ({"data": {}}, r"data is \{\}; expected a dict with at least one set"),
        ({"data": {"a": X}}, r"data set 'a' is ndarray; expected a pair \(x, y\)"),
        ({"data": {"a": (X, [0, 1])}}, r"x of shape \(4, 2\) and y of shape \(2,\); expected \(N, 2\)"),
        ({"data": {"a": (X[:, :1], Y)}}, r"x of shape \(4, 1\)"),
        ({"data": {"a": (X, ["n", "o", "n", "o"])}}, "not made of numbers"),
        ({"data": {"a": (X[:1], [1])}}, "has 1 points; expected 2 to 1000"),
        ({"data": {"a": (X + 70, Y)}}, r"from -5 to 5; scale them first"),
        ({"data": {"a": (X * np.nan, Y)}}, "coordinates that are not numbers"),
        ({"data": {"a": (X, [1, 1, 1, 1])}}, r"classes \[1.0\]; expected both 0 and 1"),
        ({"data": {"a": (X, [1, 2, 1, 2])}}, r"classes \[1.0, 2.0\]; expected both 0 and 1"),
        ({"data_name": "spirals"}, "no data set 'spirals'; choose one of 'blobs', 'circles'"),
        ({"degree": 0}, "degree is 0; expected a whole number from 1 to 8"),
        ({"degree": 2.0}, "degree is 2.0"),
        ({"degree": True}, "degree is True"),
        ({"regularisation": -1}, "regularisation is -1; expected a number from 0 to 10"),
        ({"regularisation": "1"}, "regularisation is '1'"),
        ({"test_share": 0.95}, "test_share is 0.95; expected a number from 0 to 0.9"),
        ({"show_test": 1}, "show_test is 1; expected True or False"),
        ({"probe": 1}, "probe is 1; expected two numbers"),
        ({"probe": (0, 99)}, r"probe\[1\] is 99; expected a number from -10 to 10"),
    ],
)
def test_bad_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        Boundary(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [("degree", 9), ("regularisation", float("nan")), ("data_name", "x"), ("show_test", None),
     ("probe", [1]), ("flipped", [3]), ("flipped", {"x": [1]}),
     ("flipped", {"xor": [80]}), ("flipped", {"xor": [1, 1]}), ("flipped", {"xor": [0.5]})],
)  # fmt: skip
def test_bad_values_leave_the_widget_as_it_was(name, value):
    widget = Boundary()
    before = getattr(widget, name)
    with pytest.raises(ValueError, match=r"expected|choose"):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_features_of_a_wrong_shape_are_explained():
    with pytest.raises(ValueError, match=r"x has shape \(2,\); expected \(N, 2\)"):
        Boundary().features([0.5, 1])


# ------------------------------------------------------------------------------------------- in Chromium


class Page(WidgetPage):
    """A page with a Boundary, and the questions that the tests ask of it."""

    STATE = STATE

    def __init__(self, *arguments: object, **page: object) -> None:
        super().__init__(*arguments, **page)
        self.plane = self.root.get_by_role("application")

    def table(self) -> list[list[str]]:
        """Return the cells of the table, row by row, without its heads."""
        self.settle()
        rows = self.root.locator(".nm-scores tbody tr").all()
        return [row.locator("td").all_inner_texts() for row in rows]

    def place(self, x1: float, x2: float) -> tuple[float, float]:
        """Return where a place of the plane is on the screen."""
        frame = self.root.locator(".nm-plane-frame").bounding_box()
        (left, right), (low, high) = self.range()
        across, down = (x1 - left) / (right - left), (high - x2) / (high - low)
        return frame["x"] + across * frame["width"], frame["y"] + down * frame["height"]

    def range(self) -> list[list[float]]:
        """Return the ends of the two axes, worked out from where two ticks stand."""
        return self.root.locator(".nm-plane-svg").evaluate("""(svg) => {
          const frame = svg.querySelector(".nm-plane-frame").getBBox();
          const texts = [...svg.querySelectorAll(".nm-axes text:not(.nm-axis-label)")];
          const side = (anchor, name, low, high) => {
            const number = (text) => Number(text.textContent.replace("\u2212", "-"));
            const marks = texts.filter((text) => text.getAttribute("text-anchor") === anchor)
              .map((text) => [number(text), Number(text.getAttribute(name))]);
            const [[a, at], [b, to]] = [marks[0], marks.at(-1)];
            return [low, high].map((place) => a + ((place - at) / (to - at)) * (b - a));
          };
          return [side("middle", "x", frame.x, frame.x + frame.width),
            side("end", "y", frame.y + frame.height + 4, frame.y + 4)];
        }""")


@pytest.fixture
def show(open_widget: Callable[..., Page]) -> Callable[..., Page]:
    """A function that opens a page with a Boundary; no page may complain or ask for the network."""
    return partial(open_widget, Boundary, Page)


def as_shown(loss: float) -> str:
    """Write a loss below 10 as the table does."""
    return "< 0.001" if loss < 0.0005 else f"{loss:.3f}"


def test_table_is_pythons_at_every_set(show):
    page = show(Boundary(regularisation=0.001))
    for name in ("circles", "moons", "xor", "blobs"):
        page.control("Points").select_option(name)
        for key in ("End", "ArrowLeft", "Home"):
            page.control("Degree").press(key)
            widget = page.python()
            assert widget.data_name == name
            scores = widget.scores()
            loss, share, count = page.table()
            assert loss == [as_shown(scores[kind][0]) for kind in ("training", "test")]
            for k, kind in enumerate(("training", "test")):
                assert float(share[k].removesuffix("%")) == pytest.approx(100 * scores[kind][1], abs=0.06)
                assert count[k] == f"{round(80 * scores[kind][1])} / 80"
            assert f"{len(widget.fit().weights) + 1} parameters" in page.text(".nm-features")


def test_sliders_answer_keys(show):
    page = show()
    page.control("Degree").press("End")
    assert page.get("degree") == 8
    page.control("Regularisation λ").press("ArrowRight")
    assert page.get("regularisation") == 0.00001
    page.control("Regularisation λ").press("End")
    assert page.get("regularisation") == 1
    assert page.control("Regularisation λ").get_attribute("aria-valuetext") == "1"
    page.set(regularisation=0.02)  # from Python, between two steps of the slider
    assert page.text(".nm-field-lambda .nm-value") == "0.02"
    page.control("Regularisation λ").press("Home")
    assert page.get("regularisation") == 0


def test_surface_has_the_colour_of_the_probability(show):
    page = show(Boundary(data_name="moons", degree=3, regularisation=0.01))
    (left, right), (low, high) = page.range()
    cells = page.root.locator("canvas").evaluate("""(canvas) => {
      const { width, height } = canvas;
      return { width, height, data: [...canvas.getContext("2d").getImageData(0, 0, width, height).data] };
    }""")
    image = np.array(cells["data"]).reshape(cells["height"], cells["width"], 4)
    across = left + (np.arange(cells["width"]) + 0.5) / cells["width"] * (right - left)
    up = high - (np.arange(cells["height"]) + 0.5) / cells["height"] * (high - low)
    places = np.stack(np.meshgrid(across, up), axis=-1)
    p = page.widget.probability(places.reshape(-1, 2)).reshape(image.shape[:2])
    redder = image[:, :, 0] - image[:, :, 2]  # orange is red without blue, purple the other way round
    assert (redder[p > 0.55] > 0).all() and (redder[p < 0.45] < 0).all()
    assert (image[np.abs(p - 0.5) < 0.005][:, :3] > 235).all()


def test_line_runs_where_the_probability_is_one_half(show):
    page = show(Boundary(data_name="circles", degree=2))
    frame = page.root.locator(".nm-plane-frame").evaluate(
        "(frame) => ({ ...frame.getBBox().toJSON?.(), "
        "x: frame.getBBox().x, y: frame.getBBox().y, w: frame.getBBox().width, h: frame.getBBox().height })"
    )
    path = page.root.locator(".nm-boundary-line").get_attribute("d")
    pixels = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", path), dtype=float)
    (left, right), (low, high) = page.range()
    x1 = left + (pixels[:, 0] - frame["x"]) / frame["w"] * (right - left)
    x2 = high - (pixels[:, 1] - frame["y"]) / frame["h"] * (high - low)
    p = page.widget.probability(np.column_stack([x1, x2]))
    assert len(p) > 100 and np.abs(p - 0.5).max() < 0.03


def test_the_arithmetic_at_the_probe_is_pythons_and_adds_up(show):
    page = show(Boundary(data_name="circles", degree=2, regularisation=0.001, probe=(0.3, -0.5)))
    fit = page.widget.fit()
    products = [
        float(text.replace("\u2212", "-")) for text in page.root.locator(".nm-product").all_inner_texts()
    ]
    expected = fit.weights * page.widget.features([[0.3, -0.5]])[1][0]
    np.testing.assert_allclose(products[:5], sorted(expected, key=abs, reverse=True), rtol=0.01)
    assert products[5] == pytest.approx(fit.bias, rel=0.01)
    z = expected.sum() + fit.bias
    assert float(page.text(".nm-z").removeprefix("z = ")) == pytest.approx(z, rel=0.01)
    p = 1 / (1 + np.exp(-z))
    assert float(page.text(".nm-total")) == pytest.approx(p, abs=0.0006)
    page.set(degree=8)
    assert page.root.locator(".nm-name").all_inner_texts()[4:] == ["40 other features", "bias b"]


def test_arrow_keys_move_the_probe_and_say_so(show):
    page = show(Boundary(probe=(0, 0)))
    page.plane.press("ArrowRight")
    page.plane.press("Shift+ArrowUp")
    x1, x2 = page.get("probe")
    assert x1 > 0 and x2 == pytest.approx(10 * x1, abs=0.01)
    label = f"Probe at x1 {x1:.2f}, x2 {x2:.2f}".replace("0 ", " ")
    assert page.plane.get_attribute("aria-label").startswith(label[:14])
    expect(page.root.get_by_role("status")).to_contain_text("Probe at x1")
    for _ in range(15):
        page.plane.press("Shift+ArrowDown")
    assert page.get("probe")[1] == pytest.approx(page.range()[1][0], abs=0.01)


def test_mouse_hovers_and_clicks(show):
    page = show(Boundary(data_name="moons", probe=(0.5, 0.5)))
    page.page.mouse.move(*page.place(-0.5, 0.25))
    assert page.get("probe") == pytest.approx([-0.5, 0.25], abs=0.02)
    page.page.mouse.move(2, 2)
    assert page.get("probe") == [0.5, 0.5]
    page.page.mouse.move(*page.place(0.1, 0.1))
    page.page.mouse.down()
    page.page.mouse.move(*page.place(-0.3, -0.2))
    page.page.mouse.up()
    page.page.mouse.move(2, 2)
    assert page.get("probe") == pytest.approx([-0.3, -0.2], abs=0.02)


def test_finger_places_the_probe(show):
    page = show(viewport=PHONE, touch=True)
    page.page.touchscreen.tap(*page.place(-0.4, 0.3))
    assert page.get("probe") == pytest.approx([-0.4, 0.3], abs=0.02)
    assert page.root.locator(".nm-plane").evaluate("(plane) => getComputedStyle(plane).touchAction") == "none"


def test_a_point_is_flipped_by_button_key_and_double_click(show):
    widget = Boundary(data_name="circles", degree=2, probe=(0, 0))
    page = show(widget)
    x, y = widget.training
    index = int(np.argmin((x**2).sum(axis=1)))
    assert y[index] == 1
    page.button("Make nearest class 0").click()
    assert page.get("flipped") == {"circles": [index]}
    assert page.root.locator(".nm-flipped").count() == 1
    scores = page.python().scores()
    assert page.table()[0] == [as_shown(scores[kind][0]) for kind in ("training", "test")]
    page.plane.press("Enter")
    assert page.get("flipped") == {"circles": []}
    page.page.mouse.dblclick(*page.place(*x[3]))
    assert page.get("flipped") == page.python().flipped == {"circles": [3]}
    page.control("Points").select_option("xor")
    page.settle()
    assert page.root.locator(".nm-flipped").count() == 0


def test_one_odd_point_bends_a_high_degree_more_than_a_low_one():
    x = Boundary(data_name="circles").training[0]
    middle = [int(np.argmin((x**2).sum(axis=1)))]
    p = {}
    for degree in (2, 8):
        widget = Boundary(data_name="circles", degree=degree)
        widget.flipped = {"circles": middle}
        p[degree] = widget.probability(x[middle])[0]
    assert p[2] > 0.5 > p[8]


def test_separation_is_said_and_regularisation_ends_it(show):
    page = show(Boundary(data_name="xor", degree=8))
    assert re.search(
        r"separate the training classes completely.*grow for ever: stopped after \d+ steps",
        page.text(".nm-end"),
    )
    expect(page.root.get_by_role("status")).to_contain_text("grow for ever")
    page.control("Regularisation λ").press("ArrowRight")
    assert "found the weights" in page.text(".nm-end")
    page.set(degree=1, regularisation=0)
    assert "found the weights" in page.text(".nm-end")


def test_overfitting_is_drawn_as_the_reader_tries_degrees(show):
    page = show(Boundary(data_name="blobs"))
    for _ in range(7):
        page.control("Degree").press("ArrowRight")
        page.settle()
    label = page.root.locator(".nm-chart").get_attribute("aria-label")
    losses = [float(loss.replace(",", "")) for loss in re.findall(r"test ([\d.,]+\d)", label)]
    expected = [Boundary(data_name="blobs", degree=d).scores()["test"][0] for d in range(1, 9)]
    assert page.root.locator(".nm-dot-test").count() == len(losses) == 8
    assert np.sign(np.log10(losses)).tolist() == np.sign(np.log10(expected)).tolist()
    assert losses[7] > 100 > 1 > losses[0]
    page.control("Regularisation λ").press("ArrowRight")
    page.settle()
    assert page.root.locator(".nm-dot-test").count() == 1  # another regularisation, another curve


def test_prediction_gets_a_verdict(show):
    page = show()
    for name, guess, verdict in [
        ("circles", "2", "Right: degree 2 gets 97.5 %, degree 1 46.3 %"),
        ("moons", "1", "No: degree 1 gets .* Try again"),
        ("moons", "5", "No: degree 5 gets"),
        ("xor", "none", "No: some degree does"),
        ("blobs", "1", "Right: degree 1"),
    ]:
        page.set(data_name=name)
        page.control("Smallest degree with more than 95 % of the test points right?").select_option(guess)
        page.button("Check").click()
        assert re.match(verdict, page.text(".nm-verdict"))
    expect(page.root.get_by_role("status")).to_contain_text("Right: degree 1")
    page.control("Regularisation λ").press("ArrowRight")
    assert page.text(".nm-verdict") == ""


def test_test_points_can_be_hidden_and_reset_restores_everything(show):
    page = show(Boundary(data_name="moons", degree=2, regularisation=0.01))
    initial = {name: page.get(name) for name in STATE}
    assert page.root.locator(".nm-test").count() == 82  # 80 and the two of the key
    page.control("Test points").uncheck()
    page.settle()
    assert page.root.locator("g .nm-test").count() == 0
    page.control("Points").select_option("blobs")
    page.control("Degree").press("End")
    page.plane.press("Shift+ArrowLeft")
    page.plane.press("Enter")
    page.button("Reset").click()
    assert {name: page.get(name) for name in STATE} == initial
    assert page.root.locator(".nm-dot-training").count() == 1


def test_four_points_without_test_points(show):
    page = show(Boundary(FOUR))
    assert "0.5 everywhere" in page.text(".nm-end")
    assert page.root.locator(".nm-boundary-line").get_attribute("d") == ""
    assert page.table()[2] == ["2 / 4", "none"]
    assert page.control("Test points").count() == 1 and not page.control("Test points").is_visible()
    page.control("Smallest degree with more than 95 % of the points right?").select_option("2")
    page.button("Check").click()
    assert page.text(".nm-verdict").startswith("Right: degree 2 gets 100 %")
    page.control("Degree").press("ArrowRight")
    assert page.table()[2] == ["4 / 4", "none"]


def test_two_views_and_python_stay_together(show):
    page = show(views=2)
    first, second = page.views.all()
    first.get_by_label("Degree", exact=True).press("End")
    second.get_by_label("Points", exact=True).select_option("xor")
    second.get_by_role("application").press("Enter")
    page.settle()
    tables = [view.locator(".nm-scores").inner_text() for view in (first, second)]
    assert tables[0] == tables[1]
    paths = [view.locator(".nm-boundary-line").get_attribute("d") for view in (first, second)]
    assert paths[0] == paths[1] != ""
    page.assert_views_differ_in_ids()
    assert len(page.python().flipped["xor"]) == 1
    page.assert_a_removed_view_leaves_nothing()


def test_nothing_a_reader_does_breaks_it(show):
    page, random = show(viewport=PHONE, touch=True), np.random.default_rng(1)
    for _ in range(40):
        action = random.integers(4)
        if action == 0:
            page.control("Points").select_option(str(random.choice(["blobs", "circles", "moons", "xor"])))
        elif action == 1:
            key = str(random.choice(["Home", "End", "ArrowLeft", "ArrowRight"]))
            page.control(str(random.choice(["Degree", "Regularisation λ"]))).press(key)
        elif action == 2:
            page.plane.press("Enter")
        else:
            page.plane.press(str(random.choice(["Shift+ArrowLeft", "Shift+ArrowUp", "Shift+ArrowRight"])))
    words = page.root.inner_text()
    assert not re.search(r"NaN|undefined|Infinity|null", words)
    assert page.get("flipped") == page.python().flipped


def test_phone_shows_controls_and_whole_result_together(show):
    page = show(viewport=PHONE, touch=True)
    for name, degree, regularisation in [
        ("moons", 3, 0.001), ("moons", 3, 0), ("blobs", 8, 0), ("circles", 1, 0), ("xor", 8, 0.00001),
    ]:  # fmt: skip
        page.set(data_name=name, degree=degree, regularisation=regularisation)
        page.control("Smallest degree with more than 95 % of the test points right?").select_option("8")
        page.button("Check").click()
        assert page.text(".nm-verdict") != ""
        page.assert_fits_a_phone()
    page.assert_text_is_large_enough()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_targets_are_large_enough_and_keep_their_keys(show, viewport):
    page = show(viewport=viewport)
    assert page.assert_targets(1) == 9


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(show, viewport):
    page = show(Boundary(data_name="circles", degree=2), viewport=viewport)
    page.assert_axe_finds_nothing()
    page.control("Degree").press("End")
    page.plane.press("Enter")
    page.control("Smallest degree with more than 95 % of the test points right?").select_option("1")
    page.button("Check").click()
    page.settle()
    page.assert_axe_finds_nothing()
