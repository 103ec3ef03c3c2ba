"""What every FeatureStore must do. A backend proves itself with a fixture `store` in an empty subclass, and
`limited`: the same, with half a second for a question."""

from tests.contracts.store_query_contract import QueryContract
from tests.contracts.store_rows_contract import RowsContract
from tests.contracts.store_time_contract import TimeContract


class StoreContract(RowsContract, QueryContract, TimeContract):
    """All of it."""
