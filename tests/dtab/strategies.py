"""Hypothesis strategies for dtab's values, and texts that are nearly dtabs."""

from __future__ import annotations

from hypothesis import strategies as st

from dtab import ANY, Alt, Dentry, Dtab, Empty, Fail, Leaf, NameTree, Neg, Path, Prefix, Union, Weighted

# Few labels, so that prefixes match paths; arbitrary bytes, so that escapes are met.
labels = st.sampled_from([b"a", b"b", b"svc", b"#", b"*", b"\xff", b"a b"]) | st.binary(min_size=1, max_size=4)
paths = st.lists(labels, max_size=4).map(Path)
prefixes = st.lists(labels | st.just(ANY), max_size=4).map(Prefix)

# Weights that two decimals hold exactly: any other is rounded by show.
shown_weights = st.integers(0, 100_000).map(lambda cents: cents / 100)


def trees(weights: st.SearchStrategy[float] = shown_weights, min_size: int = 2) -> st.SearchStrategy[NameTree[Path]]:
    """Trees as the parser makes them; with `min_size` 0 also branchless ones and lone branches, built by hand only."""
    atoms = st.one_of(paths.map(Leaf), st.just(Neg()), st.just(Empty()), st.just(Fail()))

    def branching(children: st.SearchStrategy[NameTree[Path]]) -> st.SearchStrategy[NameTree[Path]]:
        weighted = st.builds(Weighted, weights, children)
        return st.one_of(
            st.lists(children, min_size=min_size, max_size=3).map(lambda branches: Alt(tuple(branches))),
            st.lists(weighted, min_size=min_size, max_size=3).map(lambda branches: Union(tuple(branches))),
        )

    return st.recursive(atoms, branching, max_leaves=8)


dentries = st.builds(Dentry, prefixes, trees())
dtabs = st.lists(dentries, max_size=6).map(Dtab)

_PIECES = [*"/ab*\\x=>;|&()1. #\n~!$", "=>", "\\x41", "/a=>/b", ";", "2.5*", "\u00a0", "\u2003", "\x1c", "é"]
near_dtabs = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
