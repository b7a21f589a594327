"""`linker demo`: two versions of a service behind a linker, commands to try, and a check that plays them.

`world` is what runs (ports, files, configuration), `services` are the backends, `script` the commands and what must
hold, `show` the words and the live counts. The linker is the real one, started with `linker.linker.run`.
"""

from linker.demo.main import demo

__all__ = ["demo"]
