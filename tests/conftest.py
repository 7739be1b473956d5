"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.certificates import Authority

# A shared machine may be slow for a moment: no deadline, so that an example fails only for what it says.
settings.register_profile("tournee", deadline=None)
settings.load_profile("tournee")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that no client trusts by itself."""
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)
