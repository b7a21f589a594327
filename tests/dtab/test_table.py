"""dtab.md sections 3 and 4."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtab import ANY, CONFIGURED_LIMIT, Alt, Dentry, Dtab, DtabSyntaxError, NameTree, Neg, Path, Prefix
from tests.dtab.strategies import dtabs, paths, prefixes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        (" \n# nothing\n", ""),
        ("/a=>/b", "/a=>/b"),
        ("/a=>/b;", "/a=>/b"),
        ("/a=>/b ; # end", "/a=>/b"),
        (" /a => /b ; /c => /d ", "/a=>/b;/c=>/d"),
        ("/shop=>/a #; /b=>/c", "/shop=>/a"),
        ("/shop=>/a#; /b=>/c", "/shop=>/a#;/b=>/c"),
        ("/shop=>/a # one\n; /b=>/c", "/shop=>/a;/b=>/c"),
        ("/=>/a", "/=>/a"),
        ("/*=>/a", "/*=>/a"),
        ("/*/a/*=>/b", "/*/a/*=>/b"),
        (r"/\x2a=>/a", r"/\x2a=>/a"),
        ("/a=>/b;/a=>/b", "/a=>/b;/a=>/b"),
        (
            "/shop => /#/disco/shop ; # note\n/shop/*/beta => 0.25*/x & .75*/y;",
            "/shop=>/#/disco/shop;/shop/*/beta=>0.25*/x & 0.75*/y",
        ),
    ],
)
def test_a_text_reads_and_shows(text, shown):
    dtab = Dtab.read(text)
    assert dtab.show() == str(dtab) == shown
    assert Dtab.read(shown) == dtab


@pytest.mark.parametrize(
    "text",
    [
        *(";", ";/a=>/b", "/a=>/b;;", "/a=>/b; ; /c=>/d", "/a=>/b;;/c=>/d", "/a=>/b\n/c=>/d", "/a=>/b /c=>/d"),
        *("/a=>/b,/c=>/d", "/a", "/a=>", "=>/a", "/a = > /b", "/a=/b", "/a->/b", "a=>/b", "/a/=>/b", "//=>/b"),
        *("/a*=>/b", "/*a=>/b", "/**=>/b", "/a=>/*", "/a=>/b/*", "/a=>/b + /c=>/d", "{}", "/a => /b }"),
    ],
)
def test_what_is_no_dtab_is_refused(text):
    with pytest.raises(DtabSyntaxError):
        Dtab.read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/", ()),
        (" /a/*/b # c", (b"a", ANY, b"b")),
        ("/*", (ANY,)),
        (r"/\x2a", (b"*",)),
        (r"/\x61#", (b"a#",)),
    ],
)
def test_a_prefix_reads_alone(text, expected):
    assert Prefix.read(text) == expected


@pytest.mark.parametrize("text", ["", "/a/", "/a*", "/a=>/b", "a", "/a /b"])
def test_what_is_no_prefix_is_refused(text):
    with pytest.raises(DtabSyntaxError):
        Prefix.read(text)


def test_a_prefix_with_an_empty_label_is_an_illegal_argument():
    with pytest.raises(ValueError, match="empty prefix label"):
        Prefix([b"a", b""])


@given(prefixes)
def test_a_prefix_that_is_shown_reads_back(prefix):
    assert Prefix.read(prefix.show()) == prefix


def test_a_dentry_reads_alone_and_without_a_semicolon():
    dentry = Dentry.read(" /a/* => /b | ~ # c")
    assert dentry == Dentry(Prefix([b"a", ANY]), NameTree.read("/b | ~"))
    assert dentry.show() == str(dentry) == "/a/*=>/b | ~"
    for text in ["", "/a=>/b;", "/a=>/b;/c=>/d", "/a"]:
        with pytest.raises(DtabSyntaxError):
            Dentry.read(text)


@given(dtabs)
def test_a_dtab_that_is_shown_reads_back(dtab):
    assert Dtab.read(dtab.show()) == dtab


@pytest.mark.parametrize(
    ("dtab", "path", "expected"),
    [
        ("/shop=>/one;/shop=>/two | /three", "/shop/eu/1", "(/two/eu/1 | /three/eu/1) | /one/eu/1"),
        ("/shop/*/beta=>/x", "/shop/eu/beta/k", "/x/k"),
        ("/shop/cart=>/long;/shop=>/short", "/shop/cart/9", "/short/cart/9 | /long/9"),
        ("/shop=>/x", "/shopping", "~"),
        ("/shop=>/x", "/shop", "/x"),
        ("/shop=>/x", "/Shop", "~"),
        ("/shop/cart=>/x", "/shop", "~"),
        ("/=>/x", "/", "/x"),
        ("/=>/x", "/a/b", "/x/a/b"),
        ("/*=>/x", "/", "~"),
        ("/*=>/x", "/a/b", "/x/b"),
        (r"/\x2a=>/x", "/a", "~"),
        (r"/\x73hop=>/x", "/shop/a", "/x/a"),
        ("/a=>~;/a=>$;/a=>!", "/a/b", "! | $ | ~"),
        ("/a=>/", "/a/b", "/b"),
        ("/a=>0.5*/x & 2*(/y | ~)", "/a/b", "0.50*/x/b & 2.00*(/y/b | ~)"),
        ("/a=>/x;/*=>/y;/=>/z;/a/b=>/w", "/a/b", "/w | /z/a/b | /y/b | /x/b"),
        ("", "/a", "~"),
        ("/#=>/x", "/#/disco", "/x/disco"),
    ],
)
def test_lookup(dtab, path, expected):
    assert Dtab.read(dtab).lookup(Path.read(path)).show() == expected


def test_one_match_is_that_tree_itself():
    dtab = Dtab.read("/a=>/x | ~")
    assert dtab.lookup(Path.of("a")) is dtab[0].dst


@given(dtabs, paths)
def test_lookup_does_what_a_walk_from_the_last_entry_does(dtab, path):
    trees = []
    for dentry in reversed(list(dtab)):
        fits = len(dentry.prefix) <= len(path)
        if fits and all(e is ANY or e == label for e, label in zip(dentry.prefix, path, strict=False)):
            residual = path[len(dentry.prefix) :]
            trees.append(dentry.dst.map(lambda leaf, residual=residual: Path((*leaf, *residual))))
    expected = Neg() if not trees else trees[0] if len(trees) == 1 else Alt(tuple(trees))
    assert dtab.lookup(path) == expected


def test_lookup_in_a_long_table_touches_only_what_matches(monkeypatch):
    dtab = Dtab([Dentry.read(f"/svc/name{number}=>/x{number}") for number in range(1000)])
    rewritten = []
    original = Dentry.rewrite
    monkeypatch.setattr(Dentry, "rewrite", lambda self, path: rewritten.append(self) or original(self, path))
    assert dtab.lookup(Path.read("/svc/name7/rest")).show() == "/x7/rest"
    assert rewritten == [dtab[7]]


def test_joining_puts_the_others_entries_first():
    one, two = Dtab.read("/s=>/one"), Dtab.read("/s=>/two")
    assert (one + two).show() == "/s=>/one;/s=>/two"
    assert (one + two).lookup(Path.of("s")).show() == "/two | /one"
    assert (one + two[0]) == one + two
    assert (one + one).show() == "/s=>/one;/s=>/one"
    assert one + Dtab() == one == Dtab() + one
    with pytest.raises(TypeError):
        one + "/s=>/two"


def test_a_dtab_is_a_hashable_sequence():
    dtab = Dtab.read("/a=>/b;/c=>/d")
    assert len(dtab) == 2
    assert [dentry.prefix.show() for dentry in dtab] == ["/a", "/c"]
    assert dtab[-1].dst.show() == "/d"
    assert {dtab: 1}[Dtab.read(" /a=>/b; /c=>/d;")] == 1
    assert dtab != Dtab.read("/c=>/d;/a=>/b")
    assert dtab != list(dtab)
    assert not Dtab()
    with pytest.raises(AttributeError):
        dtab.dentries = ()
    assert repr(dtab) == "Dtab.read('/a=>/b;/c=>/d')"


def test_simplified_leaves_out_what_comes_to_neg():
    assert Dtab.read("/a=>~ | /b;/c=>! & !;/d=>~;/e=>!").simplified.show() == "/a=>/b;/e=>!"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("/a=>/b | ~", "/a=>/b", True),
        ("/a=>/b", "/a=>/b;/c=>~", False),
        ("/a=>/b", "/c=>/b", False),
        ("/a=>/b;/c=>/d", "/c=>/d;/a=>/b", False),
        ("", "", True),
        ("/a=>! & !", "/a=>~", True),
    ],
)
def test_equivalence_goes_entry_by_entry(one, other, equal):
    assert Dtab.read(one).equivalent(Dtab.read(other)) is equal


@pytest.mark.parametrize(
    ("dtab", "prefix", "expected"),
    [
        ("/a=>/b;/c=>/d", "/a=>/b", "/c=>/d"),
        ("/a=>/b;/c=>/d", "/c=>/d", "/a=>/b;/c=>/d"),
        ("/a=>/b;/c=>/d", "/a=>/b;/c=>/d", ""),
        ("/a=>/b", "/a=>/b;/c=>/d", "/a=>/b"),
        ("/a=>/b", "/a=>/b | ~", "/a=>/b"),
        ("/a=>/b", "", "/a=>/b"),
        ("", "/a=>/b", ""),
    ],
)
def test_strip_prefix_drops_literal_first_entries(dtab, prefix, expected):
    assert Dtab.read(dtab).strip_prefix(Dtab.read(prefix)).show() == expected


@given(dtabs)
def test_the_json_form_reads_back(dtab):
    assert Dtab.from_json(dtab.to_json()) == dtab


def test_the_json_form_is_a_list_of_texts():
    dtab = Dtab.read("/a => 1*/b & .5*/c; /* => ~")
    assert dtab.to_json() == [{"prefix": "/a", "dst": "/b & 0.50*/c"}, {"prefix": "/*", "dst": "~"}]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (None, "dtab: a list"),
        ({}, "dtab: a list"),
        ([{"prefix": "/a", "dst": "/b"}, None], r"dtab\[1\]: "),
        ([{"prefix": "/a"}], r"dtab\[0\]: "),
        ([{"prefix": "/a", "dst": 1}], r"dtab\[0\]: "),
        ([{"prefix": "/a", "dst": "/b", "x": 1}], r"dtab\[0\]: "),
        (["/a=>/b"], r"dtab\[0\]: "),
    ],
)
def test_another_json_shape_is_refused_with_its_place(document, place):
    with pytest.raises(ValueError, match=place):
        Dtab.from_json(document)


@pytest.mark.parametrize(
    "entry", [{"prefix": "a", "dst": "/b"}, {"prefix": "/a", "dst": "b"}, {"prefix": "/a=>/c", "dst": "/b"}]
)
def test_the_texts_of_the_json_form_follow_the_grammar(entry):
    with pytest.raises(DtabSyntaxError):
        Dtab.from_json([entry])


@settings(max_examples=5)
@given(st.integers(500, 2000))
def test_a_long_configured_dtab_reads(count):
    text = ";\n".join(f"/svc/name{number} => /#/io.l5d.fs/name{number}" for number in range(count))
    assert len(Dtab.read(text, limit=CONFIGURED_LIMIT)) == count
