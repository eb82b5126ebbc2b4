"""Random networks, made once."""

import pytest

from tests.theory.networks import ARCHITECTURES, make_family


@pytest.fixture(scope="session", params=[True, False], ids=["bias", "no bias"])
def families(request):
    return [make_family(sizes, request.param) for sizes in ARCHITECTURES]
