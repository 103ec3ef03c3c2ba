"""What every backend of an interface must do; the suites are run by the test file of each backend."""

import pytest

pytest.register_assert_rewrite("tests.contracts.store_contract")
pytest.register_assert_rewrite("tests.contracts.blobs_contract")
