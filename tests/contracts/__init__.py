"""What every backend of an interface must do; the suites are run by the test file of each backend."""

import pytest
from hypothesis import HealthCheck

for suite in (
    "store_stock",
    "store_rows_contract",
    "store_query_contract",
    "store_time_contract",
    "blobs_contract",
    "pyramids_contract",
):
    pytest.register_assert_rewrite(f"tests.contracts.{suite}")

OF_A_CONTRACT = (HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
"""Properties of a contract run on a fixture, and in every class that subscribes to it."""
