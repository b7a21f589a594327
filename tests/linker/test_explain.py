"""How diagnostic tracing tells a delegation: linkerd.md section 5.10."""

from __future__ import annotations

from dtab import Dentry, Path
from linker.explain import steps
from namer.delegation import AltNode, DelegateNode, NegNode, UnionNode, WeightedNode


def test_each_node_comes_before_its_branches_with_the_entry_that_led_to_it() -> None:
    here, there = Dentry.read("/svc => /a | /b"), Dentry.read("/a => /c & 2 * /d")
    tree = AltNode(
        Path.read("/svc"),
        None,
        (
            UnionNode(
                Path.read("/a"),
                here,
                (
                    WeightedNode(1, NegNode(Path.read("/c"), there)),
                    WeightedNode(2, DelegateNode(Path.read("/d"), there, NegNode(Path.read("/e"), None))),
                ),
            ),
            NegNode(Path.read("/b"), here),
        ),
    )
    assert steps(tree) == [
        ("/svc", ""),
        ("/a", "/svc=>/a | /b"),
        ("/c", "/a=>/c & 2.00*/d"),
        ("/d", "/a=>/c & 2.00*/d"),
        ("/e", ""),
        ("/b", "/svc=>/a | /b"),
    ]
