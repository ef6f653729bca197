"""Parts of addresses."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class ReferenceConverter(StringConverter):
    """An object's reference holds a digit, so that no word such as ``new`` is taken for one."""

    regex = "[^/]*[0-9][^/]*"


class FactKindConverter(StringConverter):
    """The kinds of fact the registry itself keeps about a person; other apps keep theirs at addresses of their own."""

    regex = "qualification|education|experience"


register_converter(ReferenceConverter, "reference")
register_converter(FactKindConverter, "fact_kind")
