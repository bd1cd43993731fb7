"""The project file of the JaffleGaggle sample, as text."""

from importlib.resources import files

text = (files("c360.examples") / "jaffle_gaggle" / "c360.yaml").read_text(encoding="utf-8")
