"""Messages to offices. Written in the transaction of the act, so that none is lost and none is told of nothing."""

from registry.models import County, Enterprise, Message


def tell_enterprise(enterprise: Enterprise, subject: str, body: str, *, url: str, at) -> None:
    """A message to an enterprise's accounts."""
    Message.unscoped.create(enterprise=enterprise, subject=subject, body=body, url=url, sent_at=at)


def tell_county(county: County, subject: str, body: str, *, url: str, at) -> None:
    """A message to a county bureau's officers."""
    Message.unscoped.create(county=county, subject=subject, body=body, url=url, sent_at=at)


def tell_city(subject: str, body: str, *, url: str, at) -> None:
    """A message to the municipal bureau's officers."""
    Message.unscoped.create(subject=subject, body=body, url=url, sent_at=at)
