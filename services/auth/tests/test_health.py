"""What holds for every service holds for this one."""

from quill_common.testing.every_service import *  # noqa: F403
