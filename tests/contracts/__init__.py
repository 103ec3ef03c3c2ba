"""What every backend of an interface must do; the suites are run by the test file of each backend."""

import pytest
from hypothesis import HealthCheck

pytest.register_assert_rewrite("tests.contracts.store_contract")
pytest.register_assert_rewrite("tests.contracts.blobs_contract")

OF_A_CONTRACT = (HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
"""Properties of a contract run on a fixture, and in every class that subscribes to it."""
