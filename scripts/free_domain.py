"""
Print a DDS domain in which nobody talks on this machine, for a run that wants to be alone.

python scripts/free_domain.py [COUNT]: print the first of COUNT such domains in a row.
"""

import random
import sys

import psutil

# RTPS: a domain's participants listen on the ports from 7400 + 250 * domain.
FIRST_PORT = 7400
PORTS_PER_DOMAIN = 250
# Above 101 the ports reach into those that Linux gives to outgoing connections.
DOMAINS = range(1, 102)


def ports_in_use() -> set[int]:
    """Return the UDP ports that some process of this machine is bound to."""
    sockets = psutil.net_connections('udp')
    return {socket.laddr.port for socket in sockets if socket.laddr}


def free_domains(ports: set[int]) -> list[int]:
    """Return the domains none of whose ports is among these."""
    taken = {(port - FIRST_PORT) // PORTS_PER_DOMAIN for port in ports}
    return [domain for domain in DOMAINS if domain not in taken]


def first_of(count: int, free: list[int]) -> list[int]:
    """
    Return the domains that begin a row of free ones.

    :param count: length of the row; the lowest domain follows the highest.
    :param free: the free domains.
    """
    number = len(DOMAINS)
    return [
        domain
        for domain in free
        if all(1 + (domain - 1 + step) % number in free for step in range(count))
    ]


def choose_domain(count: int = 1) -> int:
    """
    Choose a domain at random, so that two runs which start together seldom meet.

    :param count: how many domains in a row are needed.
    :return: the first of them; if there is no such row, any domain.
    """
    free = free_domains(ports_in_use())
    return random.choice(first_of(count, free) or free or list(DOMAINS))


if __name__ == '__main__':
    print(choose_domain(*map(int, sys.argv[1:2])))
