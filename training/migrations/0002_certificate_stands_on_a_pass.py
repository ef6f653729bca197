"""A certificate refers to an assessment that passed: a foreign key over three columns, which Django cannot say (Art. 8).

What stands on a pass cannot become a fail either, since the key would point nowhere.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE training_certificate
    ADD CONSTRAINT certificate_stands_on_a_pass
    FOREIGN KEY (assessment_id, enrolment_id, passed) REFERENCES training_assessment (id, enrolment_id, passed);
"""


class Migration(migrations.Migration):
    dependencies = [("training", "0001_training")]
    operations = [
        migrations.RunSQL(FORWARD, "ALTER TABLE training_certificate DROP CONSTRAINT certificate_stands_on_a_pass;")
    ]
