"""Smuggling: payloads, a strict second reader, verdicts. `python -m tests.smuggling --target linker`."""
