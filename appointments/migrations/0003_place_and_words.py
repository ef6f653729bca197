"""Where an appointment lies, and by which words it is found: columns that the database keeps as the enterprise has them.

The county is held by a foreign key over two columns, which Django cannot say, so that it moves with the enterprise.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE registry_enterprise ADD CONSTRAINT enterprise_in_county UNIQUE (id, county_id);
ALTER TABLE appointments_appointment
    ADD CONSTRAINT appointment_in_county_of_enterprise
    FOREIGN KEY (enterprise_id, county_id) REFERENCES registry_enterprise (id, county_id) ON UPDATE CASCADE;

CREATE FUNCTION cqo_place_appointment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT coalesce(NEW.county_id, e.county_id),
           cqo_fold(concat_ws('|', e.name, c.name, NEW.reference, e.credit_code))
    INTO NEW.county_id, NEW.search
    FROM registry_enterprise e, registry_candidate c
    WHERE e.id = NEW.enterprise_id AND c.id = NEW.candidate_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER place_appointment BEFORE INSERT OR UPDATE ON appointments_appointment
    FOR EACH ROW EXECUTE FUNCTION cqo_place_appointment();

CREATE FUNCTION cqo_rename_appointments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'registry_enterprise' THEN
        UPDATE appointments_appointment SET search = '' WHERE enterprise_id = NEW.id;
    ELSE
        UPDATE appointments_appointment SET search = '' WHERE candidate_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER rename_appointments AFTER UPDATE OF name, credit_code ON registry_enterprise
    FOR EACH ROW WHEN (OLD.name || OLD.credit_code <> NEW.name || NEW.credit_code)
    EXECUTE FUNCTION cqo_rename_appointments();
CREATE TRIGGER rename_appointments AFTER UPDATE OF name ON registry_candidate
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION cqo_rename_appointments();
"""
BACKWARD = """
DROP TRIGGER rename_appointments ON registry_candidate;
DROP TRIGGER rename_appointments ON registry_enterprise;
DROP TRIGGER place_appointment ON appointments_appointment;
DROP FUNCTION cqo_rename_appointments();
DROP FUNCTION cqo_place_appointment();
ALTER TABLE appointments_appointment DROP CONSTRAINT appointment_in_county_of_enterprise;
ALTER TABLE registry_enterprise DROP CONSTRAINT enterprise_in_county;
"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_appointments")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
