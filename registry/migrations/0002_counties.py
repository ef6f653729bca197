"""Qingyuan's eight county-level divisions (GB/T 2260)."""

from django.db import migrations

COUNTIES = {
    "441802": ("清城区", "清城区质监局"),
    "441803": ("清新区", "清新区质监局"),
    "441821": ("佛冈县", "佛冈县质监局"),
    "441823": ("阳山县", "阳山县质监局"),
    "441825": ("连山壮族瑶族自治县", "连山壮族瑶族自治县质监局"),
    "441826": ("连南瑶族自治县", "连南瑶族自治县质监局"),
    "441881": ("英德市", "英德市质监局"),
    "441882": ("连州市", "连州市质监局"),
}


def load(apps, schema_editor):
    County = apps.get_model("registry", "County")
    for code, (name, bureau_name) in COUNTIES.items():
        County._default_manager.get_or_create(code=code, defaults={"name": name, "bureau_name": bureau_name})


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_registry")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
