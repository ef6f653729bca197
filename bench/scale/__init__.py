"""The portal at scale: a database of any size, and what each page costs in it beside its baseline (docs/scale.md)."""
