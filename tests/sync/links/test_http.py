"""The HTTP link against everything that may answer at a hub's address."""

import ssl

import httpcore
import httpx
import pytest

from catalog.fault import CallerFault
from sync.clock import Moment
from sync.link import HubBusy, LinkBroken, NotTheHub, PackMissing, Traffic, Unreachable
from sync.links.http import HttpLink
from sync.wire import ANSWER_BYTES_MAX

PACK = bytes(range(256)) * 40
ADDRESS = "http://hub.example.org"


class Stream(httpx.SyncByteStream):
    """A body that comes in pieces, and may break off."""

    def __init__(self, *pieces, error=None):
        self.pieces = pieces
        self.error = error
        self.is_closed = False

    def __iter__(self):
        yield from self.pieces
        if self.error:
            raise self.error

    def close(self):
        self.is_closed = True


class Flood(httpx.SyncByteStream):
    """A body that does not end."""

    def __init__(self, pieces):
        self.pieces = pieces

    def __iter__(self):
        return self.pieces


def link_to(answer):
    """A link to whatever `answer` makes of each request."""
    return HttpLink(ADDRESS, httpx.MockTransport(answer))


def link_that_gets(status=200, *, headers=None, body=b"", stream=None):
    return link_to(lambda request: httpx.Response(status, headers=headers, stream=stream or Stream(body)))


def link_that_fails(error):
    def answer(request):
        raise error

    return link_to(answer)


def exchange(link):
    return link.exchange("/sync/session", b'{"v":1}', {"Signature": "s=:x:"})


def fetch(link, offset=0):
    return b"".join(link.fetch("core-1", offset, len(PACK)))


def serves_ranges(request):
    start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-")) if "range" in request.headers else 0
    if not start:
        return httpx.Response(200, stream=Stream(PACK))
    part = f"bytes {start}-{len(PACK) - 1}/{len(PACK)}"
    return httpx.Response(206, headers={"Content-Range": part}, stream=Stream(PACK[start:]))


def test_a_message_goes_out_with_no_header_more_than_it_needs():
    seen = []
    link = link_to(lambda request: seen.append(request) or httpx.Response(200, stream=Stream(b"{}")))

    exchange(link)

    assert ["content-length", "host", "signature", "user-agent"] == sorted(seen[0].headers)
    assert "qanat" == seen[0].headers["user-agent"]


def test_the_answer_comes_back_as_it_is():
    reply = exchange(link_that_gets(409, headers={"Signature": "s=:y:"}, body=b'{"refused":"nonce"}'))

    assert (409, "s=:y:", b'{"refused":"nonce"}') == (reply.status, reply.headers["signature"], reply.body)


def test_every_byte_is_counted_both_ways():
    link = link_that_gets(200, headers={"X": "yz"}, body=b"12345")

    exchange(link)

    up = len(b"POST /sync/session HTTP/1.1\r\nHost: hub.example.org\r\nUser-Agent: qanat\r\nSignature: s=:x:\r\n")
    up += len(b'Content-Length: 7\r\n\r\n{"v":1}')
    down = len(b"HTTP/1.1 200 OK\r\nX: yz\r\n\r\n12345")
    assert Traffic(down, up, 1) == link.traffic


def test_a_pack_comes_from_the_byte_where_it_was_left():
    assert PACK == fetch(link_to(serves_ranges))
    assert PACK[5000:] == fetch(link_to(serves_ranges), 5000)


def test_where_the_other_end_cannot_resume_what_is_here_passes_by():
    assert PACK[5000:] == fetch(link_that_gets(200, stream=Stream(PACK[:3000], PACK[3000:6000], PACK[6000:])), 5000)


def test_nothing_is_asked_before_the_first_piece():
    link = link_to(serves_ranges)

    link.fetch("core-1", 0, len(PACK))

    assert 0 == link.traffic.requests


def test_hanging_up_closes_the_connection():
    stream = Stream(PACK[:10], PACK[10:])
    pieces = link_that_gets(200, stream=stream).fetch("core-1", 0, len(PACK))
    next(pieces)

    pieces.close()

    assert stream.is_closed


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("silence"), Unreachable),
        (httpx.ReadTimeout("silence"), LinkBroken),
        (httpx.ReadError("reset"), LinkBroken),
        (httpx.WriteError("reset"), LinkBroken),
        (httpx.RemoteProtocolError("not HTTP"), LinkBroken),
    ],
)
def test_each_way_of_failing_has_its_sentence_and_hint(error, kind):
    with pytest.raises(kind) as fault:
        exchange(link_that_fails(error))
    with pytest.raises(kind):
        fetch(link_that_fails(error))

    assert fault.value.sentence.endswith(".")
    assert fault.value.hint


def test_a_stop_in_the_middle_of_a_pack_gives_what_came():
    link = link_that_gets(200, stream=Stream(PACK[:4000], error=httpx.RemoteProtocolError("closed")))
    came = []

    with pytest.raises(LinkBroken):
        came.extend(link.fetch("core-1", 0, len(PACK)))

    assert PACK[:4000] == b"".join(came)


def test_a_pack_that_ends_early_without_a_word_is_a_broken_link():
    with pytest.raises(LinkBroken, match="4000 of 10240"):
        fetch(link_that_gets(200, body=PACK[:4000]))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, headers={"Content-Type": "text/html; charset=utf-8"}, stream=Stream(b"<html>Sign in")),
        httpx.Response(200, stream=Stream(b"  <!DOCTYPE html><title>Welcome to the hotel</title>")),
        httpx.Response(511, headers={"Content-Type": "text/html"}, stream=Stream(b"<html>Sign in")),
        httpx.Response(302, headers={"Location": "http://portal.example/login"}),
        httpx.Response(307, headers={"Location": "http://portal.example/login"}),
        httpx.Response(404, headers={"Content-Type": "text/html"}, stream=Stream(b"<h1>Not found</h1>")),
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Stream(b"")),
    ],
)
def test_a_page_of_someone_else_is_told_as_such(answer):
    with pytest.raises(NotTheHub) as fault:
        exchange(link_to(lambda request: answer))

    assert fault.value.hint


def test_a_sign_in_page_is_never_taken_for_a_pack():
    page = {"Content-Type": "text/html"}

    with pytest.raises(NotTheHub):
        fetch(link_that_gets(200, headers=page, body=PACK))


@pytest.mark.parametrize(("said", "wait_seconds"), [("120", 120), ("", 0), ("Tue, 3 Jun", 0), ("9" * 9, 86400)])
def test_a_busy_hub_says_when_to_come_again(said, wait_seconds):
    with pytest.raises(HubBusy) as busy:
        exchange(link_that_gets(503, headers={"Retry-After": said}))

    assert wait_seconds == busy.value.wait_seconds


def test_an_error_page_of_a_proxy_is_a_busy_hub():
    with pytest.raises(HubBusy):
        exchange(link_that_gets(502, headers={"Content-Type": "text/html"}, body=b"<h1>Bad gateway</h1>"))


def test_a_signed_refusal_comes_back_even_when_busy():
    assert 503 == exchange(link_that_gets(503, headers={"Signature": "s=:y:"}, body=b"{}")).status


def test_an_answer_without_end_is_given_up_at_its_limit():
    taken = []

    def flood():
        for _ in range(1000):
            taken.append(1)
            yield bytes(1 << 16)

    with pytest.raises(NotTheHub, match="longer than"):
        exchange(link_that_gets(200, stream=Flood(flood())))

    assert len(taken) <= ANSWER_BYTES_MAX // (1 << 16) + 1


def test_more_than_the_plan_says_is_not_taken():
    came = []

    with pytest.raises(NotTheHub):
        came.extend(link_that_gets(200, stream=Stream(PACK, b"more")).fetch("core-1", 0, len(PACK)))

    assert PACK == b"".join(came)


@pytest.mark.parametrize("part", ["bytes 0-10239/10240", "bytes 5000-10239/99999", "bytes 5000-6000/10240", ""])
def test_another_part_than_the_one_asked_for_is_refused(part):
    with pytest.raises(NotTheHub):
        fetch(link_that_gets(206, headers={"Content-Range": part}, body=PACK[5000:]), 5000)


@pytest.mark.parametrize("status", [404, 410, 416])
def test_a_pack_that_is_gone_is_told(status):
    with pytest.raises(PackMissing):
        fetch(link_that_gets(status))


def moved_to(location, seen):
    def answer(request):
        seen.append(str(request.url))
        is_old = request.url.host == "hub.example.org"
        return (
            httpx.Response(308, headers={"Location": location}) if is_old else httpx.Response(200, stream=Stream(b"{}"))
        )

    return link_to(answer)


def test_a_hub_that_moved_is_followed_and_remembered():
    seen = []
    link = moved_to("https://new.example.org/sync/session", seen)
    exchange(link)
    exchange(link)

    assert [
        "http://hub.example.org/sync/session",
        "https://new.example.org/sync/session",
        "https://new.example.org/sync/session",
    ] == seen
    assert 3 == link.traffic.requests


@pytest.mark.parametrize(
    "location", ["https://new.example.org/other", "/sync/session", "ftp://new.example.org/sync/session", ""]
)
def test_other_redirects_are_not_followed(location):
    seen = []

    with pytest.raises(NotTheHub):
        exchange(moved_to(location, seen))
    assert 1 == len(seen)


def test_a_hub_that_sends_us_on_twice_is_not_followed_in_circles():
    link = link_to(
        lambda request: httpx.Response(308, headers={"Location": f"http://{request.url.host}x/sync/session"})
    )

    with pytest.raises(NotTheHub):
        exchange(link)
    assert 2 == link.traffic.requests


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hub.example.org",
        "ftp://hub",
        "http://",
        "http://hub/path",
        "http://hub?x",
        "http://u:p@hub",
        "http://hub:x",
    ],
)
def test_an_address_that_is_none_is_refused_with_an_example(address):
    with pytest.raises(CallerFault) as refused:
        HttpLink(address, httpx.MockTransport(serves_ranges))

    assert "https://hub.example.org" in refused.value.hint


NOW = Moment(1_790_000_000, 5.0, is_trusted=True)


class Pooled(httpx.BaseTransport):
    """A transport that is never asked."""

    class _pool:  # noqa: N801
        _network_backend = None


class StandingClock:
    """A clock that shows one moment."""

    def __init__(self, now: Moment):
        self._now = now

    def now(self):
        return self._now

    def wait(self, seconds):
        raise AssertionError("a link never waits")


@pytest.mark.parametrize(
    ("said", "now", "wait_seconds"),
    [
        ("Mon, 21 Sep 2026 14:15:00 GMT", NOW, 1_790_000_100 - NOW.wall_seconds),
        ("Mon, 21 Sep 2026 14:15:00 GMT", Moment(0, 5.0, is_trusted=False), 0),
        ("Mon, 21 Sep 2026 14:15:00 GMT", None, 0),
        ("Mon, 21 Sep 1998 14:15:00 GMT", NOW, 0),
        ("Mon, 21 Sep 2099 14:15:00 GMT", NOW, 86_400),
        ("Mon, 99 Sep 2026 99:15:00 GMT", NOW, 0),
        ("soon", NOW, 0),
        ("-5", NOW, 0),
    ],
)
def test_a_date_says_when_to_come_again_to_a_clock_that_is_trusted(said, now, wait_seconds):
    link = HttpLink(
        ADDRESS,
        httpx.MockTransport(lambda request: httpx.Response(429, headers={"Retry-After": said}, stream=Stream(b""))),
        clock=StandingClock(now) if now else None,
    )

    with pytest.raises(HubBusy) as busy:
        exchange(link)

    assert wait_seconds == busy.value.wait_seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_foreign_host_names_the_sign_in(status):
    link = link_to(lambda request: httpx.Response(status, headers={"Location": "http://login.hotel.example/hello?x=1"}))

    with pytest.raises(NotTheHub, match=r"login\.hotel\.example: it wants a sign-in") as fault:
        fetch(link)

    assert "sign in" in fault.value.hint


def test_a_redirect_that_is_no_address_is_told_too():
    with pytest.raises(NotTheHub, match="another place"):
        exchange(link_to(lambda request: httpx.Response(302, headers={"Location": "http://[half"})))


def test_another_length_than_the_plan_says_is_told_before_its_first_byte():
    came = []

    with pytest.raises(NotTheHub, match="should have 10240 bytes, and 17 were offered"):
        came.extend(link_that_gets(200, headers={"Content-Length": "17"}, body=PACK[:17]).fetch("core-1", 0, len(PACK)))

    assert [] == came


def test_where_nobody_said_how_long_it_is_all_of_it_comes():
    assert PACK == b"".join(link_that_gets(200, stream=Stream(PACK[:99], PACK[99:])).fetch("release-1", 0, None))


def test_where_nobody_said_how_long_it_is_it_may_not_be_without_end(monkeypatch):
    monkeypatch.setattr("sync.links.http.UNSAID_BYTES_MAX", 5000)
    came = []

    with pytest.raises(NotTheHub, match="More came"):
        came.extend(link_that_gets(200, stream=Stream(PACK)).fetch("release-1", 0, None))

    assert PACK[:5000] == b"".join(came)


@pytest.mark.parametrize("address", ["http://[2001:db8::7]:8080", "http://[::1]", "https://[fe80::1]:8443"])
def test_the_hub_may_have_an_address_of_the_new_kind(address):
    seen = []
    link = HttpLink(
        address, httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(200, stream=Stream(b"{}")))
    )

    exchange(link)

    assert f"{address}/sync/session" == str(seen[0].url)


def certificate_fault(number):
    """What the library raises where a certificate does not hold."""
    cause = ssl.SSLCertVerificationError("no")
    cause.verify_code = number
    try:
        try:
            raise cause
        except ssl.SSLError as error:
            raise httpcore.ConnectError("no") from error
    except httpcore.ConnectError as error:
        fault = httpx.ConnectError("no")
        fault.__cause__ = error
        return fault


@pytest.mark.parametrize(
    ("number", "sentence", "hint"),
    [
        (10, "has expired", "says 2026-09-21"),
        (9, "is not valid yet", "clock may be wrong"),
        (62, "is for another name", "address"),
        (64, "is for another name", "address"),
        (18, "comes from nobody the box knows", "sign-in"),
        (20, "comes from nobody the box knows", "sign-in"),
    ],
)
def test_a_certificate_that_does_not_hold_is_said_in_words(number, sentence, hint):
    def answer(request):
        raise certificate_fault(number)

    link = HttpLink("https://hub.example.org", httpx.MockTransport(answer), clock=StandingClock(NOW))

    with pytest.raises(NotTheHub, match=sentence) as fault:
        exchange(link)

    assert hint in fault.value.hint


def test_an_answer_that_is_no_tls_is_said_in_words():
    error = httpx.ConnectError("no")
    error.__cause__ = ssl.SSLError("wrong version number")

    with pytest.raises(NotTheHub, match="speaks no TLS"):
        exchange(link_that_fails(error))


def test_a_proxy_that_refuses_is_named():
    with pytest.raises(Unreachable, match="proxy") as fault:
        exchange(link_that_fails(httpx.ProxyError("407 Proxy Authentication Required")))

    assert "`proxy`" in fault.value.hint


@pytest.mark.parametrize("proxy", ["10.0.0.1:3128", "socks5://10.0.0.1", "http://", "http://a:b:c"])
def test_a_proxy_that_is_none_is_refused_with_an_example(proxy):
    with pytest.raises(CallerFault, match="proxy") as refused:
        HttpLink(ADDRESS, proxy=proxy)

    assert "http://10.0.0.1:3128" in refused.value.hint


def test_the_environment_has_no_say(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://elsewhere.example:3128")

    link = HttpLink(ADDRESS, httpx.MockTransport(serves_ranges))

    assert PACK == fetch(link)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_only_a_clock_that_is_not_trusted_leaves_the_dates_of_certificates_unread(is_trusted, monkeypatch):
    contexts = []
    monkeypatch.setattr(
        "sync.links.http.httpx.HTTPTransport",
        lambda verify, **options: contexts.append(verify) or Pooled(),
    )

    HttpLink("https://hub.example.org", clock=StandingClock(Moment(1_000, 5.0, is_trusted)))

    no_check_time = 0x200000
    assert is_trusted != bool(contexts[0].verify_flags & no_check_time)
    assert (True, ssl.CERT_REQUIRED) == (contexts[0].check_hostname, contexts[0].verify_mode)


def patience_of(link, *answers):
    """How many seconds each of these fetches may be silent: what came of a pack before it fell silent."""
    seconds = []

    def answer(request):
        seconds.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, stream=Stream(answers[len(seconds) - 1], error=httpx.ReadTimeout("silence")))

    link._client._transport = httpx.MockTransport(answer)
    for _ in answers:
        with pytest.raises(LinkBroken, match="said nothing for"):
            list(link.fetch("pack", 0, 1 << 20))
    return seconds


def test_a_pack_that_falls_silent_is_given_up_soon_and_a_slow_link_is_waited_for_ever_longer():
    assert [8, 16, 32, 60, 60] == patience_of(HttpLink(ADDRESS), b"", b"a", b"", b"b", b"")


def test_a_link_that_brought_much_before_it_fell_silent_is_not_slow():
    much = bytes(1 << 16)

    assert [8, 16, 8, 8] == patience_of(HttpLink(ADDRESS), b"", much, much, b"")


def test_a_report_is_waited_for_as_long_as_a_satellite_may_take():
    seconds = []

    def answer(request):
        seconds.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, stream=Stream(b"{}"))

    link_to(answer).exchange("/sync/session", b"{}", {})

    assert [60] == seconds
