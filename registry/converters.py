"""Parts of addresses."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from registry.measures import KEY


class ReferenceConverter(StringConverter):
    """An object's reference holds a digit, so that no word such as ``new`` is taken for one."""

    regex = "[^/]*[0-9][^/]*"


class FactKindConverter(StringConverter):
    """The kinds of fact the registry itself keeps about a person; other apps keep theirs at addresses of their own."""

    regex = "qualification|education|experience"


class KeyConverter(StringConverter):
    """The key of an open question, as a measure's file spells it."""

    regex = KEY


register_converter(KeyConverter, "key")
register_converter(ReferenceConverter, "reference")
register_converter(FactKindConverter, "fact_kind")
