"""Signatures: a statement may come signed, as an attachment that holds it once more within a JSON Web Signature.

* The algorithm is RS256, RS384 or RS512; the payload is the statement as it was before it was signed.
* Where the signature brings its certificate (`x5c`), it is proven against that certificate's key. Whether the
  certificate is to be trusted is for whoever reads the statement: a box has nobody to ask.
"""

import base64
from typing import Any

from edge.learning.lrs.refusal import malformed
from edge.learning.lrs.statement import SIGNATURE, Document, comparable, normal
from edge.learning.lrs.text import parsed

ALGORITHMS = ("RS256", "RS384", "RS512")
CERTIFICATE_BYTES_MAX = 16 << 10


def demand_signed(document: Document, signature: bytes) -> None:
    """Raises NotTaken where this is no signature of this statement."""
    try:
        head_text, payload_text, mark_text = signature.decode("ascii").strip().split(".")
        head, payload = parsed(_decoded(head_text)), parsed(_decoded(payload_text))
        mark = _decoded(mark_text)
    except ValueError as error:
        raise malformed("A signature is no JSON Web Signature.") from error
    if not isinstance(head, dict) or head.get("alg") not in ALGORITHMS:
        raise malformed(f"A signature is by none of {', '.join(ALGORITHMS)}.")
    if not isinstance(payload, dict) or not _is_same(payload, document):
        raise malformed("A signature is of another statement than the one that it came with.")
    chain = head.get("x5c")
    if chain is not None and not _is_by(chain, head["alg"], f"{head_text}.{payload_text}".encode(), mark):
        raise malformed("A signature is not by the key of the certificate that it brings.")


def _is_same(payload: Document, document: Document) -> bool:
    """Tell whether both say the same; the signature itself is not in what was signed."""
    try:
        return bool(_signed(normal(payload)) == _signed(document))
    except (KeyError, AttributeError, TypeError):
        return False


def _signed(document: Document) -> Any:
    others = [one for one in document.get("attachments", ()) if one.get("usageType") != SIGNATURE]
    return comparable({**document, "attachments": others})


def _is_by(chain: Any, algorithm: str, signed: bytes, mark: bytes) -> bool:
    # Loaded when somebody signs.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import load_der_x509_certificate

    kinds = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384(), "RS512": hashes.SHA512()}
    try:
        leaf = base64.b64decode(chain[0], validate=True)
        if len(leaf) > CERTIFICATE_BYTES_MAX:
            return False
        key = load_der_x509_certificate(leaf).public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(mark, signed, PKCS1v15(), kinds[algorithm])
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError, IndexError):
        return False
    return True


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
