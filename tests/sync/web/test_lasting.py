"""What is acknowledged is on the disk: the answer waits for the writer, and no thread waits with it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from catalog.db import Connection, Database
from catalog.fault import DiskFull
from sync.web.front import Front
from sync.web.lasting import write_then_answer
from sync.web.wsgi import Application
from tests.sync.web.conftest import Caller  # noqa: TID251
