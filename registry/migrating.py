"""What migrations are made of beside Django's own: changes carried out together.

Django renders all models anew for each field, constraint and trigger that is added; the first migrations add hundreds.
"""

from collections.abc import Sequence

from django.db.migrations.operations.base import Operation


class Together(Operation):
    """Additions to models that stand by then (fields, constraints, indexes, triggers), with one rendering for all."""

    def __init__(self, operations: Sequence[Operation]):
        self.operations = operations

    def state_forwards(self, app_label, state):
        """The state after all of them; without rendered models, so that none is rendered in between."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Each, in order."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Each, in reverse."""
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        """What migrate --plan says."""
        return f"{len(self.operations)} additions"


# The words by which rows are found: folded, and cut into characters and pairs (registry/models/search.py).
FOLDING = r"""
CREATE OR REPLACE FUNCTION cqo_fold(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(
        regexp_replace(normalize(words, NFKC), '\s+', '', 'g'),
        'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    )
$$;
CREATE OR REPLACE FUNCTION cqo_grams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    signs text[] := string_to_array(words, NULL);
    found text[] := signs;
BEGIN
    FOR i IN 2..cardinality(signs) LOOP
        found := found || (signs[i - 1] || signs[i]);
    END LOOP;
    RETURN found;
END
$$;
"""
UNFOLDING = "DROP FUNCTION cqo_grams(text); DROP FUNCTION cqo_fold(text);"
