"""What importing and reading may load."""

import subprocess
import sys

SCRIPT = """
import sys
import dtab
print("lark" in sys.modules)
dtab.Path.read("/svc/web")
print("lark" in sys.modules)
dtab.warm_up()
print("lark" in sys.modules, {"trio", "anyio", "asyncio", "namer", "linker"} & set(sys.modules))
"""


def test_lark_is_loaded_by_the_first_text_that_needs_it_and_no_loop_ever():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["False", "False", "True set()"]
