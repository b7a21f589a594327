"""The keys that all kinds of balancers share, and how a kind becomes a balancer."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from linker.balancers.base import Balancer, Group, Node, Random, Stats
from linker.balancers.weighted import Weighted
from linker.metrics import Metrics
from namer.records import config_class
from namer.values import PositiveInt


@config_class
class BalancerConfig(ABC):
    """A kind. Subclasses give the algorithm's name in the metrics, and the group that does the choosing."""

    algorithm: ClassVar[str]
    observes: ClassVar[bool] = True  # False: its groups do nothing in `observe`, which then need not be called

    enableProbation: bool = False  # an endpoint that left the set is still used, after all others, while it is healthy

    @abstractmethod
    def group(self, random: Random, stats: Stats) -> Group:
        """Make the chooser for the nodes of one weight."""

    def mk(
        self,
        random: Random = random.random,
        metrics: Metrics | None = None,
        dropped: Callable[[Node], None] | None = None,
    ) -> Balancer:
        """A balancer without nodes that counts in `metrics`, the client's `loadbalancer` scope.

        dropped: called with a node on probation that the balancer gives up because it is not available any more: its
        connections should be closed. It may be called within `pick`.
        """
        scope = metrics if metrics is not None else Metrics()
        return Weighted(self.algorithm, self.group, random, scope, keep_leavers=self.enableProbation, dropped=dropped)


@config_class
class EffortConfig(BalancerConfig):
    """A kind that chooses again when the chosen endpoint is not available."""

    maxEffort: PositiveInt = 5  # choices made before an endpoint that is not available is used
