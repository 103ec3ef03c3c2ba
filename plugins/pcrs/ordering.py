"""The desk of orders put together from the settings of a site."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from pcrs.archiving import keeping
from pcrs.commands.cost import price_list
from pcrs.errors import StoreError
from pcrs.settings import Settings, public_url
from pcrs.store.orders import Ordered, Orders
from pcrs.work.custody.keeping import TIER
from pcrs.work.orders.desk import Desk, Terms
from pcrs.work.orders.letters import Post, letter
from pcrs.work.orders.shipping import Shipping
from pcrs.work.progress import Progress, silent
from pcrs.work.site import Site

_GB = 10**9


@contextmanager
def desk(site: Site, settings: Settings, progress: Progress = silent) -> Iterator[Desk]:
    """The desk of a site, open for this process."""
    table, costs = settings.orders, settings.cost
    classes = {TIER: costs.intermediate, **costs.targets}
    terms = Terms(
        prices=price_list(costs.prices, site),
        classes=classes,
        free_euros=table.free_euros,
        free_bytes=table.free_gb * _GB,
        days=table.days,
    )
    with keeping(site, settings, progress) as held, closing(Orders(site.orders_file)) as orders:
        yield Desk(orders, held, terms, held.clock)


def shipping(site: Site, settings: Settings, open_: Desk, warn: Callable[[str], None]) -> Shipping:
    """The bringing back of orders, with letters where the settings have a mail server."""

    def told(order: Ordered, address: str) -> None:
        post = post_of(settings)
        if post is None or not order.email:
            return
        try:
            post.send(letter(order, address, post.sender, settings.site.operator))
        except StoreError as error:
            warn(str(error))

    url = public_url(settings)
    return Shipping(open_, site.deliveries_folder, lambda order: address_of(url, order), told)


def address_of(url: str, order: Ordered) -> str:
    """Where what was ordered can be fetched."""
    return f"{url}/commandes/{order.id}/{order.secret}/"


def post_of(settings: Settings) -> Post | None:
    """The mail server of the settings; None: there is none."""
    table = settings.mail
    if not table.smtp:
        return None
    sender = table.sender or settings.site.contact_email
    return Post(table.smtp, table.port, table.tls, sender, table.user, table.password.get_secret_value())
