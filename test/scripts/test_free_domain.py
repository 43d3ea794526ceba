import socket

import free_domain
from free_domain import choose_domain
from free_domain import DOMAINS
from free_domain import first_of
from free_domain import free_domains
from free_domain import ports_in_use


def test_a_domain_with_a_port_in_use_is_not_free():
    # The first and the last port of domain 3, and a port that belongs to no domain.
    free = free_domains({7400 + 3 * 250, 7400 + 4 * 250 - 1, 53})

    assert free == [domain for domain in DOMAINS if domain != 3]


def test_a_socket_takes_its_domain():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(('127.0.0.1', 0))
        assert bound.getsockname()[1] in ports_in_use()
    assert bound.fileno() == -1


def test_all_domains_keep_below_the_ports_of_outgoing_connections():
    assert max(7400 + 250 * domain + 249 for domain in DOMAINS) < 32768 + 250


def test_a_row_of_domains_has_no_gap_and_goes_on_at_the_lowest():
    last = DOMAINS[-1]

    assert first_of(3, [1, 2, 4, 5, 6, 8, last]) == [4, last]
    assert first_of(1, [7, 9]) == [7, 9]


def test_a_domain_is_chosen_where_its_row_is_free(monkeypatch):
    free = {7, 20, 21, 22}
    monkeypatch.setattr(free_domain, 'free_domains', lambda ports: sorted(free))

    assert choose_domain(3) == 20
    # If no domain is free, a shared domain is better than no test.
    assert choose_domain(4) in free
