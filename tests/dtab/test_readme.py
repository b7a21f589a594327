"""The example of the package's README runs as written."""

import doctest
from pathlib import Path

import dtab


def test_the_readme_runs():
    readme = Path(dtab.__file__).with_name("README.md")
    results = doctest.testfile(str(readme), module_relative=False)
    assert results.attempted == 2
    assert results.failed == 0
