"""dtab.md section 1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtab import DtabSyntaxError, Path
from tests.dtab.strategies import labels, paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/", ()),
        ("/shop", (b"shop",)),
        ("/a/b/c", (b"a", b"b", b"c")),
        (" /shop/cart # trailing note", (b"shop", b"cart")),
        ("# leading note\n/shop", (b"shop",)),
        ("#one\n #two\n\t/shop\n#three", (b"shop",)),
        ("/shop#1", (b"shop#1",)),
        ("/shop #1", (b"shop",)),
        ("/#/io.l5d.fs", (b"#", b"io.l5d.fs")),
        ("/$/inet/8080", (b"$", b"inet", b"8080")),
        (r"/\x73hop", (b"shop",)),
        (r"/\xFf\x00/\x2F", (b"\xff\x00", b"/")),
        ("/a_:.#$%-Z9", (b"a_:.#$%-Z9",)),
        ("\u2003\u1680/a\u3000\u205f\u2028\x1c\x0b", (b"a",)),
    ],
)
def test_a_text_reads_as_its_labels(text, expected):
    assert Path.read(text) == expected
    assert type(Path.read(text)) is Path


@pytest.mark.parametrize(
    "text", ["", " ", "shop", "/shop/", "/shop//cart", "//", "/a*b", "/*", "/a b", "/a/ b", "/ /a"]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(DtabSyntaxError):
        Path.read(text)


@pytest.mark.parametrize("character", [*"*~!@+=,;()[]{}|&?\"'<>^`", "é", "\u00a0", "\u2007", "\u0085", "\x00", "٣"])
def test_no_other_character_stands_unescaped(character):
    with pytest.raises(DtabSyntaxError):
        Path.read(f"/a{character}b")


@pytest.mark.parametrize("escape", ["\\", "\\x", "\\x4", "\\X41", "\\xg1", "\\x4g", "\\n", "\\u0041", "\\\\"])
def test_a_backslash_needs_x_and_two_hex_digits(escape):
    with pytest.raises(DtabSyntaxError):
        Path.read(f"/a{escape}/b")


@pytest.mark.parametrize("character", ["\u0085", "\u00a0", "\u2007", "\u202f"])
def test_pythons_white_space_that_is_not_javas_is_refused(character):
    assert character.isspace()
    with pytest.raises(DtabSyntaxError):
        Path.read(f"{character}/a")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (Path(), "/"),
        (Path.of("shop", "cart"), "/shop/cart"),
        (Path.of("shop/cart", "v1"), r"/\x73\x68\x6f\x70\x2f\x63\x61\x72\x74/v1"),
        (Path.of("[::1]:80"), r"/\x5b\x3a\x3a\x31\x5d\x3a\x38\x30"),
        (Path.of("*"), r"/\x2a"),
        (Path.of("é"), r"/\xc3\xa9"),
        (Path.of(b"\xff\n"), r"/\xff\x0a"),
    ],
)
def test_one_byte_that_cannot_show_escapes_its_whole_label(path, shown):
    assert path.show() == str(path) == shown


@given(paths)
def test_what_is_shown_reads_back(path):
    assert Path.read(path.show()) == path


@given(st.text(alphabet="/ab\\x41 #\n*", max_size=12))
def test_plain_texts_read_the_same_with_and_without_the_parser(text):
    # A leading blank keeps the text from the shortcut for plain paths.
    assert _outcome(text) == _outcome(" " + text)


def _outcome(text):
    try:
        return Path.read(text)
    except DtabSyntaxError as error:
        return error.expected, error.found, len(error.text) - error.position


@pytest.mark.parametrize("build", [lambda: Path([b""]), lambda: Path.of("a", ""), lambda: Path((b"a",)) + (b"",)])
def test_an_empty_label_is_an_illegal_argument(build):
    with pytest.raises(ValueError, match="empty path label"):
        build()


def test_a_path_is_a_dictionary_key_like_its_tuple():
    assert {Path.read("/a/b"): 1}[Path.of("a", "b")] == 1
    assert not hasattr(Path(), "__dict__")


def test_paths_join_and_split():
    path = Path.read("/a/b/c")
    assert Path.read("/a") + Path.read("/b/c") == path
    assert isinstance(path + Path(), Path)
    assert (path.take(2), path.drop(2)) == (Path.of("a", "b"), Path.of("c"))
    assert (path.take(9), path.drop(9)) == (path, Path())
    assert isinstance(path.take(1), Path)
    assert isinstance(path.drop(1), Path)
    assert path[0] == b"a"


def test_only_whole_labels_make_a_prefix():
    assert Path.read("/shop/cart").starts_with(Path.read("/shop"))
    assert Path.read("/shop").starts_with(Path())
    assert not Path.read("/shopping").starts_with(Path.read("/shop"))
    assert not Path.read("/shop").starts_with(Path.read("/shop/cart"))


def test_bytes_that_are_not_utf8_read_as_replacement_characters():
    assert Path([b"a", b"\xff", "é".encode()]).texts == ("a", "\ufffd", "é")


def test_a_lone_surrogate_becomes_a_question_mark():
    assert Path.of("\ud800") == (b"?",)


@given(st.lists(labels))
def test_building_from_labels_never_parses(parts):
    assert tuple(Path.of(*parts)) == tuple(parts)


def test_its_repr_is_readable():
    assert repr(Path.of("svc", "web")) == "Path.read('/svc/web')"
