"""The authority: from a box's request to its certificate, by ACME (RFC 8555) with a text record in the zone (DNS-01).

* The account's key is the hub's own, made at the first order; the keys of boxes never come here.
* What the authority is asked for is the box's request as it came, which was judged before.
* A record that was added is removed, whatever became of the order.
* Whatever it does not give is a fault of the link, in words: nothing of the hub stops for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from catalog.durable import write_file
from catalog.fault import BoxFault, LinkFault
from sync.hub.secure.names import Names

if TYPE_CHECKING:
    from acme.client import ClientV2
    from acme.messages import OrderResource
    from josepy.jwk import JWKEC

ACCOUNT_FILE = Path("keys/acme.key")
MODE = 0o600
AGENT = "qanat-hub"
SAID_LETTERS_MAX = 300


class AuthorityRefused(LinkFault):
    """The authority gave no certificate, or could not be reached."""


class Authority(Protocol):
    """Gives certificates. An implementation may ask for nothing but what the request says."""

    def certificate(self, request: bytes) -> str:
        """The chain (PEM) for this request (PEM). Raises LinkFault."""
        ...


class Acme:
    """An authority that speaks ACME."""

    def __init__(self, directory: str, names: Names, account: Path, *, contact: str = "", ca_file: str = "") -> None:
        self._directory = directory
        self._names = names
        self._account = account
        self._contact = contact
        self._ca_file = ca_file
        self._client: ClientV2 | None = None

    def certificate(self, request: bytes) -> str:
        # Heavy, and only in the optional part of the hub.
        try:
            from acme import errors, messages
            from josepy import errors as key_errors
            from requests import RequestException
        except ModuleNotFoundError as error:
            raise BoxFault(
                "What speaks to an authority is not installed.", "Install it: `pip install qanat[hub,tls]`."
            ) from error
        try:
            client = self._client = self._client or self._opened()
            order = client.new_order(request)
            return self._fulfilled(client, order)
        except messages.Error as error:
            raise _refused(error.detail or error.typ or "no reason") from error
        except (errors.Error, key_errors.Error, RequestException, ValueError, KeyError) as error:
            raise _refused(_said(error)) from error

    def _fulfilled(self, client: "ClientV2", order: "OrderResource") -> str:
        from acme.messages import STATUS_VALID

        added: list[tuple[str, str]] = []
        try:
            for proof in order.authorizations:
                if proof.body.status == STATUS_VALID:
                    continue
                challenge = _text_record_in(proof.body.challenges)
                response, value = challenge.response_and_validation(client.net.key)
                name = challenge.chall.validation_domain_name(proof.body.identifier.value)
                added.append((name, value))
                self._names.add(name, value)
                client.answer_challenge(challenge, response)
            chain = client.poll_and_finalize(order).fullchain_pem
            return str(chain)
        finally:
            for name, value in added:
                self._names.remove(name, value)

    def _opened(self) -> "ClientV2":
        """The account at the authority, made where it has none."""
        from acme import errors, messages
        from acme.client import ClientNetwork, ClientV2
        from josepy.jwa import ES256

        network = ClientNetwork(self._key(), alg=ES256, user_agent=AGENT)
        # What it passes on to `requests` may be a file too.
        network.verify_ssl = self._ca_file or True  # type: ignore[assignment]
        client = ClientV2(ClientV2.get_directory(self._directory, network), network)
        asked = messages.NewRegistration.from_data(email=self._contact or None, terms_of_service_agreed=True)
        try:
            client.new_account(asked)
        except errors.ConflictError as known:
            client.query_registration(messages.RegistrationResource(uri=known.location, body=messages.Registration()))
        return client

    def _key(self) -> "JWKEC":
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from josepy.jwk import JWKEC

        if not self._account.exists():
            text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            write_file(self._account, text, MODE)
        try:
            key = serialization.load_pem_private_key(self._account.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise BoxFault(
                f"The key in {self._account.name} cannot be read.", "Move the file away: a new account is made then."
            ) from error
        return JWKEC(key=key)


def _text_record_in(challenges: Any) -> Any:
    from acme.challenges import DNS01

    for one in challenges:
        if isinstance(one.chall, DNS01):
            return one
    raise AuthorityRefused(
        "The authority does not take a text record as a proof.", "Choose one that does (DNS-01), with --acme."
    )


def _said(error: Exception) -> str:
    from acme.errors import ValidationError

    if isinstance(error, ValidationError):
        details = [one.error.detail for proof in error.failed_authzrs for one in proof.body.challenges if one.error]
        return "; ".join(str(detail) for detail in details)
    return str(error) or type(error).__name__


def _refused(said: str) -> AuthorityRefused:
    line = " ".join(said.split())[:SAID_LETTERS_MAX]
    return AuthorityRefused(
        f"The authority gave no certificate: {line}", "It is tried again; look at the zone, the program and --acme."
    )
