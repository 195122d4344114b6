"""What moved between versions, as values; and releases that say it, keep it, and take it back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.about import About, WordsRefused
from catalog.manifest import Activity, LayerName, Release
from catalog.moved import MoveRefused, changes, composed, demand_moves, inverse, moved_in, way_back
from catalog.publish import Catalog, publish, roll_back

NOW = 1_790_000_000
names = st.sampled_from("abcdefgh")


def release(*activities: Activity, **extra: object) -> Release:
    layers = {"core": LayerName("12" + "0" * 64, 0, 0)}  # type: ignore[arg-type]
    return Release("water", 1, {"en": "Water"}, {}, ("en",), "", {}, activities, layers, extra)


def activity(name: str, path: str = "", title: str = "", kind: str = "html") -> Activity:
    return Activity(name, kind, path or f"{name}/index.html", {"en": title or name})


@given(st.dictionaries(names, names), st.dictionaries(names, names), st.sets(names))
def test_nothing_moves_to_what_is_not_there_nor_from_what_is(
    former: dict[str, str], moved: dict[str, str], ids: set[str]
) -> None:
    said = composed(former, moved, ids)

    assert set(said.values()) <= ids
    assert ids.isdisjoint(said)
    assert said == composed(said, {}, ids), "said again it is the same"


@given(st.lists(st.tuples(names, names), max_size=6))
def test_a_box_from_any_version_goes_where_the_steps_in_between_would_lead(steps: list[tuple[str, str]]) -> None:
    """One activity is given another name with each version; the last release speaks of all of them."""
    said: dict[str, str] = {}
    name = "start"
    former = [name]
    for number, _ in enumerate(steps):
        after = f"name-{number}"
        said = composed(said, {name: after}, {after})
        former.append(after)
        name = after

    assert {old: name for old in former if old != name} == said


def test_what_opens_the_same_file_or_is_called_the_same_seems_to_have_moved() -> None:
    former = release(activity("site", "site/start.html"), activity("film", "film/f.mp4", "The siphon", "video"))
    now = [activity("unit", "unit/start.html"), activity("siphon", "siphon/s.mp4", "The siphon", "video")]

    found = changes(former, now)

    assert {"site": "unit", "film": "siphon"} == found.moved
    assert (["site", "film"], ["unit", "siphon"]) == ([one.id for one in found.gone], [one.id for one in found.came])


def test_where_two_are_alike_nothing_is_guessed() -> None:
    former = release(activity("site", "site/start.html", "Water"))
    now = [activity("a", "a/one.html", "Water"), activity("b", "b/two.html", "Water")]

    assert {} == changes(former, now).moved


@pytest.mark.parametrize("said", ["no table", {"old": 3}, {"old": "gone"}, {"here": "new"}, ["old"], None])
def test_a_table_that_is_none_is_passed_by(said: object) -> None:
    assert {} == moved_in(release(activity("here"), activity("new"), moved=said))


def test_what_was_never_there_cannot_move() -> None:
    former, ids = release(activity("old"), activity("here")), {"here", "new"}

    demand_moves({"old": "new"}, former, ids)
    for wrong in ({"none": "new"}, {"here": "new"}, {"old": "none"}):
        with pytest.raises(MoveRefused):
            demand_moves(wrong, former, ids)


def test_the_way_back_leads_back() -> None:
    former, present = release(activity("old")), release(activity("new"), moved={"old": "new"})

    assert {"new": "old"} == way_back(present, former)
    assert {"c": "a"} == inverse({"b": "c", "a": "c"})


def test_a_version_goes_on_saying_what_had_moved_before(catalog: Catalog, tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two"):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        (folders[-1] / "index.html").write_text(f"<title>{name}</title>")
    publish(folders, catalog, now_seconds=NOW, course="water")
    about = About(languages=("en",), moved={"site-2": "site"}, family="water", subjects=("Physics",))
    publish(folders[1:], catalog, now_seconds=NOW, course="water", about=about)
    (folders[1] / "more.html").write_text("more")

    third = publish(folders[1:], catalog, now_seconds=NOW, course="water").release
    back = roll_back(catalog, "water", now_seconds=NOW + 1)

    assert {"moved": {"site-2": "site"}, "family": "water", "subjects": ["Physics"]} == third.extra
    assert (4, {"site-2": "site"}, 2) == (back.version, back.extra["moved"], back.provenance["rolled_back_to"])
    assert back.layers == catalog.releases.versions("water")[1].layers


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": {"en": "x" * 201}}, "title"),
        ({"description": {"en": "x" * 1001}}, "description"),
        ({"licence": "x" * 201}, "licence"),
        ({"subjects": tuple(str(number) for number in range(13))}, "subjects"),
        ({"subjects": ("x" * 61,)}, "subjects"),
        ({"level": "x" * 61}, "level"),
        ({"family": "A B"}, "family"),
        ({"languages": ("not a tag",)}, "language"),
        ({"title": {"EN US!": "x"}}, "language"),
    ],
)
def test_words_that_cannot_stand_are_refused_at_their_field(said: dict[str, object], field: str) -> None:
    with pytest.raises(WordsRefused) as refused:
        About.written(**said)

    assert field == refused.value.field


def test_words_are_made_tidy_and_come_back_as_they_were() -> None:
    about = About.written(
        title={"en": "  Water\n moves ", "fr": ""}, description={"en": " a \n\n b "}, languages=("en",),
        subjects=("Physics", "", " Physics "), licence=" CC0-1.0 ",
    )  # fmt: skip

    assert ({"en": "Water moves"}, {"en": "a\nb"}, ("Physics",), "CC0-1.0") == (
        about.title, about.description, about.subjects, about.licence,
    )  # fmt: skip
    assert about == About.from_document(about.document())
    assert about == About.of(about.said_of(release(activity("site"))))
