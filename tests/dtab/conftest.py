"""For every test of dtab."""

from hypothesis import settings

from dtab import warm_up

# No assertion on seconds: a busy machine is no failure.
settings.register_profile("dtab", deadline=None)
settings.load_profile("dtab")

# Else the first test that reads a text is charged with building the parser.
warm_up()
