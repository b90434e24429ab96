"""One running messaging service for all tests of this folder, emptied before each."""

from quill_common.testing.kit import kit_fixture
from quill_messaging.app import create_app
from quill_messaging.settings import Settings

session_kit = kit_fixture("messaging", create_app, Settings)
