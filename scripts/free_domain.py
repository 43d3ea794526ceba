"""
Print a DDS domain that no process uses on this machine, to isolate a run from other programs.

python scripts/free_domain.py [COUNT]: print the first of COUNT consecutive unused domains.
"""

import random
import sys

import psutil

# In RTPS, the participants of a domain use the ports from 7400 + 250 * domain on.
FIRST_PORT = 7400
PORTS_PER_DOMAIN = 250
# The ports of domains above 101 overlap the range that Linux uses for outgoing connections.
DOMAINS = range(1, 102)


def ports_in_use() -> set[int]:
    """Return the UDP ports that some process of this machine is bound to."""
    sockets = psutil.net_connections('udp')
    return {socket.laddr.port for socket in sockets if socket.laddr}


def free_domains(ports: set[int]) -> list[int]:
    """Return the domains that have none of the given ports."""
    taken = {(port - FIRST_PORT) // PORTS_PER_DOMAIN for port in ports}
    return [domain for domain in DOMAINS if domain not in taken]


def first_of(count: int, free: list[int]) -> list[int]:
    """
    Return the first domain of each sequence of free consecutive domains.

    :param count: length of the sequence; the lowest domain follows the highest.
    :param free: free domains.
    :return: first domains of the sequences, in the order of `free`.
    """
    number = len(DOMAINS)
    return [
        domain
        for domain in free
        if all(1 + (domain - 1 + step) % number in free for step in range(count))
    ]


def choose_domain(count: int = 1) -> int:
    """
    Choose a domain at random, so that two simultaneous runs rarely choose the same one.

    :param count: number of consecutive domains that are needed.
    :return: the first of them; any domain if there is no such sequence.
    """
    free = free_domains(ports_in_use())
    return random.choice(first_of(count, free) or free or list(DOMAINS))


if __name__ == '__main__':
    print(choose_domain(*map(int, sys.argv[1:2])))
