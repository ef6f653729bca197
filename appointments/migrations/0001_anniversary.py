"""The rule of the term in SQL: the same day some years later, 1 March for 29 February (Art. 11, design 1.8)."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION cqo_anniversary(day date, years integer) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT make_date(extract(year from day)::int + years, extract(month from day)::int, 1)
           + (extract(day from day)::int - 1)
$$;
"""


class Migration(migrations.Migration):
    dependencies = []
    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION cqo_anniversary(date, integer);")]
