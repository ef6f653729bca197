"""The recommendation case from opening to answer (Art. 12(二)): the bureau recommends, the enterprise decides."""

from appointments.views.recommending import acts, answering, link, lists, opening, papers, shown

__all__ = ["acts", "answering", "link", "lists", "opening", "papers", "shown"]
