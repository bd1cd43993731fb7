"""`python -m c360.cli`: the same as the command `c360`."""

from c360.cli import main

main()
