"""Load balancers: which endpoint of a bound name gets a request. One file a kind; the README has the options.

`BALANCERS` knows every kind imported here.
"""

from linker.balancers import aperture, ewma, heap, p2c, round_robin
from linker.balancers.base import BALANCERS, Balancer, Node
from linker.balancers.config import BalancerConfig

KINDS = (p2c, ewma, aperture, heap, round_robin)

__all__ = ["BALANCERS", "KINDS", "Balancer", "BalancerConfig", "Node"]
