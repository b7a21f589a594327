"""The benchmark: linker beside HAProxy, nginx and Envoy in one run: `python -m tests.bench`, see README.md."""
