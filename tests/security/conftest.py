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
from tests.edge.conftest import staff as staff
