"""What holds for all tests: property tests judge answers, never how long a busy machine took for them."""

from hypothesis import HealthCheck, settings

settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
