"""The nouns of the box's tests, for its rows of docs/security.md."""

from tests.edge.conftest import amina as amina
from tests.edge.conftest import box as box
from tests.edge.conftest import boxes as boxes
from tests.edge.conftest import clock as clock
from tests.edge.conftest import compiled as compiled
from tests.edge.conftest import grade as grade
from tests.edge.conftest import hashes_made_once as hashes_made_once
from tests.edge.conftest import phone as phone
from tests.edge.conftest import phones as phones
from tests.edge.conftest import shelve as shelve
from tests.edge.conftest import staff as staff
from tests.edge.library.conftest import as_ as as_
from tests.edge.library.conftest import film as film
from tests.edge.library.conftest import lesson as lesson
from tests.edge.library.conftest import signed as signed
from tests.edge.library.conftest import siphon as siphon
