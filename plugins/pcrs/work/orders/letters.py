"""What people are told of their orders, in French and in English, and how it is sent."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from pcrs.errors import StoreError
from pcrs.standard.french import octets
from pcrs.store.orders import Ordered

_PATIENCE_S = 20
_IMPLICIT = 465
_STATES = {
    "ordered": ("attend une approbation", "waits for approval"),
    "pending": ("est acceptée", "is accepted"),
    "shipping": ("est en préparation", "is being prepared"),
    "succeeded": ("est disponible", "is available"),
    "failed": ("a échoué", "has failed"),
    "canceled": ("est refusée ou annulée", "is refused or canceled"),
    "expired": ("n'est plus disponible", "is no longer available"),
}


@dataclass(frozen=True, slots=True)
class Post:
    """A server that takes mail."""

    host: str
    port: int
    tls: bool
    sender: str
    user: str = ""
    password: str = ""

    def send(self, message: EmailMessage) -> None:
        """The message is on its way.

        Raises:
            StoreError: the server does not take it.
        """
        context = ssl.create_default_context()
        try:
            if self.tls and self.port == _IMPLICIT:
                with smtplib.SMTP_SSL(self.host, self.port, timeout=_PATIENCE_S, context=context) as server:
                    self._hand_over(server, message)
                return
            with smtplib.SMTP(self.host, self.port, timeout=_PATIENCE_S) as server:
                if self.tls:
                    server.starttls(context=context)
                self._hand_over(server, message)
        except (OSError, smtplib.SMTPException) as error:
            raise StoreError(
                f"mail to {self.host}:{self.port} cannot be sent: {error}; see [mail]"
            ) from error

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        if self.user:
            server.login(self.user, self.password)
        server.send_message(message)


def letter(order: Ordered, address: str, sender: str, operator: str) -> EmailMessage:
    """What is told of an order in the state that it is in."""
    french, english = _STATES[order.state]
    number, size = order.estimate.objects, octets(order.estimate.octets)
    lines = [f"Votre commande {order.id} ({number} objets, {size}) {french}."]
    if order.message:
        lines.append(order.message)
    if order.state == "succeeded":
        lines += [f"À prendre jusqu'au {(order.expires or '')[:10]} :", address]
    lines += ["", f"Your order {order.id} ({number} objects) {english}.", "", operator]
    return written(sender, order.email, f"Commande {order.id} : {french}", lines)


def written(sender: str, to: str, subject: str, lines: Sequence[str]) -> EmailMessage:
    """A message of some lines."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    message.set_content("\n".join(lines) + "\n")
    return message
