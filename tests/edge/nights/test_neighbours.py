"""Boxes on one network find each other, and are not sent anywhere else."""

import itertools
import time
from collections.abc import Callable, Sequence

import pytest

from edge.config import Config
from edge.nights.neighbours import LINKS_MAX, Neighbours, is_near, nearness, port_announced
from sync.links.neighbour import NeighbourLink

OWN = "192.168.1.7"


class Radio:
    """The air of a test: what was announced, and what is heard."""

    def __init__(self, *heard: tuple[str, str, int], has_network: bool = True) -> None:
        self.heard = list(heard)
        self.has_network = has_network
        self.announced: list[tuple[str, tuple[str, ...], int]] = []
        self.ended = 0

    def begin(self, name: str, addresses: Sequence[str], port: int) -> None:
        if not self.has_network:
            raise OSError("no network")
        self.announced.append((name, tuple(addresses), port))

    def found(self) -> list[tuple[str, str, int]]:
        return self.heard

    def end(self) -> None:
        self.ended += 1


def neighbours_of(radio: Radio, fixed: Callable[[], Sequence[str]] = tuple) -> Neighbours:
    return Neighbours("own-box", 8080, fixed, [OWN], make_radio=lambda interfaces: radio)


def test_a_box_announces_where_it_serves_and_once() -> None:
    radio = Radio()
    neighbours = neighbours_of(radio)

    assert neighbours.keep_up()
    assert neighbours.keep_up()
    assert [("own-box", (OWN,), 8080)] == radio.announced


def test_a_box_whose_address_changed_announces_itself_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = itertools.cycle([["192.168.1.7"], ["192.168.1.8"]])
    monkeypatch.setattr("edge.nights.neighbours._own_addresses", lambda: next(addresses))
    radio = Radio()
    neighbours = Neighbours("own-box", 8080, make_radio=lambda interfaces: radio)

    neighbours.keep_up()
    neighbours.keep_up()

    assert [("192.168.1.7",), ("192.168.1.8",)] == [found for _, found, _ in radio.announced]
    assert 1 == radio.ended


def test_without_a_network_nobody_is_found_and_nothing_fails() -> None:
    radio = Radio(has_network=False)
    neighbours = neighbours_of(radio)

    assert not neighbours.keep_up()
    assert [] == neighbours.addresses()
    radio.has_network = True
    assert neighbours.keep_up()


def test_others_near_by_are_asked_after_those_of_the_settings() -> None:
    radio = Radio(("far-box", "192.168.1.20", 8080), ("own-box", "192.168.1.7", 8080))
    neighbours = neighbours_of(radio, lambda: ["http://10.9.9.9:80"])
    neighbours.keep_up()

    assert ["http://10.9.9.9:80", "http://192.168.1.20:8080"] == neighbours.addresses()


@pytest.mark.parametrize("address", ["8.8.8.8", "127.0.0.1", "0.0.0.0", "224.0.0.251", "2001:4860::8888", "no address"])
def test_an_announcement_cannot_send_the_box_out_over_its_link(address: str) -> None:
    neighbours = neighbours_of(Radio(("bad-box", address, 8080)))
    neighbours.keep_up()

    assert [] == neighbours.addresses()


def test_of_a_boxs_addresses_the_nearest_is_asked() -> None:
    neighbours = neighbours_of(Radio(*[("far-box", one, 8080) for one in ("172.17.0.1", "192.168.1.20", "10.0.0.1")]))
    neighbours.keep_up()

    assert ["http://192.168.1.20:8080"] == neighbours.addresses()
    assert nearness("172.17.0.1", [OWN]) < nearness("192.168.1.20", [OWN])


def test_an_address_of_the_new_kind_is_written_as_addresses_are() -> None:
    neighbours = neighbours_of(Radio(("far-box", "fd00::7", 8080)))
    neighbours.keep_up()

    assert ["http://[fd00::7]:8080"] == neighbours.addresses()


def test_of_many_only_some_are_asked() -> None:
    neighbours = neighbours_of(Radio(*[(f"box-{n}", f"192.168.1.{n}", 8080) for n in range(20, 60)]))
    neighbours.keep_up()

    assert LINKS_MAX == len(neighbours.addresses())


def test_links_are_made_for_a_session_and_hung_up_after_it() -> None:
    neighbours = neighbours_of(Radio(("far-box", "192.168.1.20", 8080)))
    neighbours.keep_up()

    with neighbours.links() as links:
        assert [NeighbourLink] == [type(link) for link in links]


def test_closing_says_goodbye() -> None:
    radio = Radio(("far-box", "192.168.1.20", 8080))
    neighbours = neighbours_of(radio)
    neighbours.keep_up()

    neighbours.close()

    assert (1, []) == (radio.ended, neighbours.addresses())


def test_loopback_is_near_only_to_one_who_is_there_too() -> None:
    assert is_near("127.0.0.1", ["127.0.0.1"])
    assert not is_near("127.0.0.1", [OWN])


@pytest.mark.parametrize(
    ("config", "port"),
    [
        (Config(port=8080), 8080),
        (Config(port=8080, port_seen=80), 80),
        (Config(host="127.0.0.1"), 0),
        (Config(host="127.0.0.1", port_seen=80), 80),
        (Config(is_behind_tls=True), 0),
    ],
)
def test_a_box_that_others_cannot_reach_only_listens(config: Config, port: int) -> None:
    assert port == port_announced(config)


@pytest.mark.system
def test_two_boxes_find_each_other_over_the_loopback() -> None:
    one = Neighbours("aaaabbbbccccdddd", 8001, interfaces=["127.0.0.1"])
    two = Neighbours("eeeeffffgggghhhh", 8002, interfaces=["127.0.0.1"])
    try:
        assert (True, True) == (one.keep_up(), two.keep_up())
        found: list[list[str]] = []
        for _ in range(100):
            found = [one.addresses(), two.addresses()]
            if all(found):
                break
            time.sleep(0.1)

        assert [["http://127.0.0.1:8002"], ["http://127.0.0.1:8001"]] == found
    finally:
        two.close()
        one.close()
