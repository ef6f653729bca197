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
