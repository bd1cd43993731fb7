"""The steps of a run: what each is made of, which may run, and how they run one after and beside the other."""
