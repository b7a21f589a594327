"""The soak (`python -m tests.soak`): bad clients beside good ones; nothing may grow and no answer be wrong."""
