"""A visitor: walks a Qanat site as a browser without scripts does, by its links and forms.

* What a visitor can do, a person with the oldest phone can do: it only follows links and sends forms of the page.
* A password alone it handles as the page's script does: it is never sent.
* Cookies are kept; nothing else is.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from catalog.fault import LinkFault

VISIT_SECONDS_MAX = 60


@dataclass(slots=True)
class Form:
    """A form as it stands on the page: where it goes and what is filled in already."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    talk: str = ""
    """Where the browser asks before it proves or sets a password; "" where the form has none."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back: the words, the links, the forms, the frames and films on it."""

    url: str
    status: int
    text: str
    links: tuple[tuple[str, str], ...]
    """Pairs of address and words."""
    forms: tuple[Form, ...]
    sources: tuple[str, ...]
    """Addresses of frames, films, captions and objects."""
    place: Mapping[str, str] = field(default_factory=dict)
    """Where a player of this page sends the place reached, and what it sends along."""

    def has_form(self, *names: str) -> bool:
        return any(set(names) <= form.fields.keys() for form in self.forms)

    def form(self, *names: str) -> Form:
        """The form that has all these fields. Raises LinkFault where the page has none."""
        for form in self.forms:
            if set(names) <= form.fields.keys():
                return form
        raise LinkFault(f"{self.url} has no form with {', '.join(names)}.", "Open it in a browser to see what it has.")


class Visitor:
    """One person with one browser."""

    def __init__(self, address: str, language: str = "en") -> None:
        self._address = address
        self._client = httpx.Client(
            follow_redirects=True, timeout=VISIT_SECONDS_MAX, headers={"Accept-Language": language}
        )

    def open(self, address: str) -> Page:
        """Go to a page of this site, or to a full address.

        Raises LinkFault where nobody answers or the answer is an error page.
        """
        return self._page(self._client.build_request("GET", urljoin(self._address, address)))

    def send(self, page: Page, form: Form, answers: Mapping[str, str]) -> Page:
        """Send a form of `page` with these answers, as a browser would.

        Raises LinkFault as `open` does.
        """
        filled = {**form.fields, **answers}
        if form.method == "get":
            return self._page(self._client.build_request("GET", urljoin(page.url, form.action), params=filled))
        return self._page(self._posting(page, form.action, filled))

    def choose_password(self, page: Page, form: Form, answers: Mapping[str, str], password: str) -> Page:
        """Send a form with the verifier of a new password, as the page's script would: the password stays here.

        Raises LinkFault as `open` does.
        """
        # Loaded when the first password is chosen.
        from sync.web.challenge.prover import Prover

        prover = Prover(secrets.token_bytes)
        said = {"csrf": form.fields["csrf"], **prover.asks()}
        answer = self._client.send(self._posting(page, form.talk, said))
        if answer.is_error:
            raise LinkFault(f"{answer.url} answered {answer.status_code}.", "Open the page in a browser to read why.")
        prover.hears(answer.json())
        return self.send(page, form, {**answers, **prover.says(new_password=password)})

    def piece(self, address: str, first: int, last: int) -> httpx.Response:
        """Ask for some bytes of a film, as a player does when somebody seeks."""
        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        return self._client.get(urljoin(self._address, address), headers=headers)

    def keep_place(self, page: Page, seconds: int) -> None:
        """Say how far the film of `page` was watched, as its player does while it plays.

        Raises LinkFault where the page has no player or the place is not kept.
        """
        if "url" not in page.place:
            raise LinkFault(f"{page.url} has no player that keeps its place.", "Open it in a browser.")
        said = {name: value for name, value in page.place.items() if name != "url"}
        form = Form(page.place["url"], "post", {**said, "key": f"visit-{seconds}"})
        self.send(page, form, {"seconds": str(seconds)})

    def close(self) -> None:
        self._client.close()

    def _posting(self, page: Page, action: str, fields: Mapping[str, str]) -> httpx.Request:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        return self._client.build_request("POST", urljoin(page.url, action), data=fields, headers={"Origin": origin})

    def _page(self, request: httpx.Request) -> Page:
        try:
            answer = self._client.send(request)
        except httpx.HTTPError as error:
            raise LinkFault(f"{request.url} did not answer: {error}.", "See whether it is still running.") from error
        if answer.is_error:
            raise LinkFault(f"{request.url} answered {answer.status_code}.", "Open it in a browser to read why.")
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return Page(str(answer.url), answer.status_code, "", (), (), ())
        reader = _Reader()
        reader.feed(answer.text)
        return Page(
            str(answer.url),
            answer.status_code,
            " ".join(" ".join(reader.words).split()),
            tuple((href, " ".join(words.split())) for href, words in reader.links),
            tuple(reader.forms),
            tuple(reader.sources),
            reader.place,
        )


class _Reader(HTMLParser):
    """Gathers what a visitor can see and use."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.sources: list[str] = []
        self.place: dict[str, str] = {}
        self._form: Form | None = None
        self._link: str | None = None
        self._select: str | None = None
        self._link_words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "a" if "href" in given:
                self._link, self._link_words = given["href"], []
            case "form":
                method, talk = given.get("method", "get").lower(), given.get("data-talk", "")
                self._form = Form(given.get("action", ""), method, talk=talk)
                self.forms.append(self._form)
            case "iframe" | "video" | "source" | "track" | "embed" | "object":
                self.sources.extend(given[name] for name in ("src", "data") if name in given)
                said = {name.removeprefix("data-place-"): given[name] for name in given if "data-place-" in name}
                self.place.update(said)
            case "style" | "script" | "svg" | "head":
                self._silent += 1
            case "input" | "textarea" if self._form is not None and "name" in given:
                self._fill(self._form, given)
            case "select":
                self._select = given.get("name")
            case "option" if self._form is not None and self._select is not None:
                if "selected" in given or self._select not in self._form.fields:
                    self._form.fields[self._select] = given.get("value", "")
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "a" if self._link is not None:
                self.links.append((self._link, " ".join(self._link_words)))
                self._link = None
            case "form":
                self._form = None
            case "select":
                self._select = None
            case "style" | "script" | "svg" | "head":
                self._silent = max(0, self._silent - 1)
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.words.append(data)
        if self._link is not None:
            self._link_words.append(data)

    @staticmethod
    def _fill(form: Form, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("radio", "checkbox"):
            if "checked" in given or given["name"] not in form.fields:
                form.fields[given["name"]] = given.get("value", "on") if "checked" in given else ""
        elif kind not in ("submit", "button", "file"):
            form.fields[given["name"]] = given.get("value", "")
