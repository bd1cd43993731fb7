"""The lens at the command line: every recipe runs as it is printed; formats, files and exit codes."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from c360.cli import group
from c360.examples.orders import write

root = Path(__file__).parents[2]
recipes = root / "docs" / "how-to" / "lens-recipes.md"
fence = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
mapped = ["--lens", "orders.lens.yaml", "--map", "customers=customers.csv", "--map", "stream=stream.csv"]
revenue = '{"dimensions": ["customer.state"], "measures": ["order_placed.monetary"], "totals": true}'


def commands() -> list[str]:
    text = "\n".join(fence.findall(recipes.read_text(encoding="utf-8")))
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("c360 ") and "lens demo" not in line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("orders")
    write(made, customers=200, lines=3000)
    return made


@pytest.fixture
def run(folder, monkeypatch):
    monkeypatch.chdir(folder)

    def called(*words: str) -> Result:
        result = CliRunner().invoke(group, list(words), standalone_mode=False)
        if isinstance(result.exception, click.UsageError):
            result.exit_code = result.exception.exit_code
        return result

    return called


def test_there_are_recipes_for_the_named_questions():
    assert len(commands()) >= 10


@pytest.mark.parametrize("line", commands(), ids=lambda line: line[-60:])
def test_a_recipe_runs_as_it_is_printed(run, line):
    result = run(*shlex.split(line)[1:])
    assert result.exit_code == 0, (result.output, result.exception)
    assert len(result.stdout.splitlines()) >= 3


def test_a_table_goes_to_stdout_and_what_to_know_about_it_to_stderr(run):
    result = run("lens", "query", *mapped, "--query", revenue)
    assert result.stdout.splitlines()[0].split() == ["customer.state", "order_placed.monetary"]
    assert "total order_placed.monetary" in result.stderr


def test_csv_and_json(run):
    rows = run("lens", "query", *mapped, "--query", revenue, "--format", "csv").stdout.splitlines()
    assert rows[0] == "customer.state,order_placed.monetary"
    found = json.loads(run("lens", "query", *mapped, "--query", revenue, "--json").stdout)
    assert found["version"] == 1
    assert [row["customer.state"] for row in found["rows"]] == [line.split(",")[0] for line in rows[1:]]
    assert found["totals"].keys() == {"order_placed.monetary"}
    assert found["sql"].startswith("SELECT")


def test_parquet_goes_to_a_file(run, folder, tmp_path):
    out = tmp_path / "a.parquet"
    assert run("lens", "query", *mapped, "--query", revenue, "--format", "parquet", "--out", str(out)).exit_code == 0
    from c360.warehouse.engines.duckdb import open_memory

    with open_memory() as connection:
        assert connection.scalar(f"SELECT count(*) FROM read_parquet('{out}')", portable=False) == 5
    assert run("lens", "query", *mapped, "--query", revenue, "--format", "parquet").exit_code == 2


def test_a_query_from_a_file_its_plan_and_its_sql(run, folder):
    (folder / "q.json").write_text(revenue, encoding="utf-8")
    assert "one row per 'order_placed' row" in run("lens", "query", *mapped, "--query", "@q.json", "--explain").stdout
    assert "LEFT JOIN" in run("lens", "query", *mapped, "--query", "@q.json", "--sql").stdout
    assert (
        "`customer.state`"
        in run("lens", "query", *mapped, "--query", "@q.json", "--sql", "--engine", "bigquery").stdout
    )


def test_a_mapping_from_a_file(run, folder):
    text = "wholesale.customers: customers.csv\nwholesale.stream: {file: stream.csv, columns: {feature3: upper(feature3)}}\n"
    (folder / "map.yaml").write_text(text, encoding="utf-8")
    query = '{"dimensions": ["order_placed.brand_name"], "limit": 1}'
    result = run(
        "lens", "query", "--lens", "orders.lens.yaml", "--map", "@map.yaml", "--query", query, "--format", "csv"
    )
    assert result.stdout.splitlines()[1] == "AMBER BEAN"


def test_check_lists_what_holds_and_what_the_data_disproves(run, folder):
    text = (folder / "orders.lens.yaml").read_text(encoding="utf-8")
    claimed = text.replace(
        'type: "1:N", field: order_id, target: {name: order_invoiced',
        'type: "1:1", field: order_id, target: {name: order_invoiced',
    )
    assert claimed != text
    (folder / "claimed.lens.yaml").write_text(claimed, encoding="utf-8")
    result = run("lens", "check", *["claimed.lens.yaml" if word == "orders.lens.yaml" else word for word in mapped])
    assert result.exit_code == 0
    assert (
        "claimed.lens.yaml:170: order_placed 1:1 order_invoiced: the data disproves that order_invoiced.ref_order_id"
        in result.stdout
    )
    assert "fix: declare it as 1:N" in result.stdout
    found = json.loads(run("lens", "check", *mapped, "--json").stdout)
    assert found["ok"]
    assert {item["level"] for item in found["findings"]} == {"ok", "warn"}


def test_check_exits_6_when_a_member_cannot_work(run, folder):
    text = (folder / "orders.lens.yaml").read_text(encoding="utf-8").replace("column: zip,", "column: zipp,")
    (folder / "broken.lens.yaml").write_text(text, encoding="utf-8")
    result = run("lens", "check", *["broken.lens.yaml" if word == "orders.lens.yaml" else word for word in mapped])
    assert result.return_value == 6
    assert "customer.zip: field 'customer.zip' reads column 'zipp', which the query does not give" in result.stdout
    assert "did you mean 'zip'?" in result.stdout


def test_meta_finds_members_by_tag(run):
    result = run("lens", "meta", *mapped, "--search", "pii")
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == [
        "customer.email", "customer.phone_number", "customer.address",
    ]  # fmt: skip
    found = json.loads(run("lens", "meta", *mapped, "--json").stdout)
    assert found["name"] == "orders"


def test_a_missing_file_and_an_unmapped_table_are_explained(run):
    result = run("lens", "query", "--lens", "orders.lens.yaml", "--map", "customers=nowhere.csv", "--query", revenue)
    assert "'nowhere.csv', which 'wholesale.customers' is mapped to, is not there" in str(result.exception)
    result = run("lens", "query", "--lens", "orders.lens.yaml", "--map", "customers=customers.csv", "--query", revenue)
    assert "nothing is mapped to the table 'wholesale.stream'" in str(result.exception)
    assert "--map wholesale.stream=FILE" in str(result.exception)


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_an_empty_file_is_said_to_be_empty(run, folder, suffix):
    (folder / f"nothing.{suffix}").touch()
    other = [*mapped[:2], "--map", f"customers=nothing.{suffix}", *mapped[4:]]
    assert "is mapped to, is empty" in str(run("lens", "query", *other, "--query", revenue).exception)


def test_a_pattern_that_matches_no_file_is_explained(run):
    other = [*mapped[:2], "--map", "customers=nowhere-*.csv", *mapped[4:]]
    assert "is not there" in str(run("lens", "query", *other, "--query", revenue).exception)


@pytest.mark.parametrize("text", ["SHOW TABLES", "SELECT 'unclosed"])
def test_a_query_that_is_no_select_is_one_fault_with_its_mend_and_no_log(run, text, caplog):
    (fault,) = run("lens", "query", *mapped, "--query", text).exception.faults
    assert fault.code == "sql-syntax"
    assert "FROM lens." in fault.fix
    assert not caplog.records


def test_a_lens_file_that_is_not_there_and_a_map_without_one_are_explained(run):
    result = run("lens", "query", "--lens", "nowhere.lens.yaml", "--query", revenue)
    assert result.exception.faults[0].code == "yaml-unreadable"
    assert "nowhere.lens.yaml" in str(result.exception)
    assert run("lens", "query", "--map", "a=b.csv", "--query", revenue).exit_code == 2


def test_a_query_file_that_is_not_there_is_explained(run):
    result = run("lens", "query", *mapped, "--query", "@nowhere.json")
    assert result.exit_code == 2
    assert "the file nowhere.json cannot be read" in str(result.exception)


def test_a_map_for_a_table_that_the_lens_does_not_read_is_explained(run):
    wrong = ["--lens", "orders.lens.yaml", "--map", "custmers=customers.csv", "--map", "stream=stream.csv"]
    fault = run("lens", "query", *wrong, "--query", revenue).exception.faults[0]
    assert (fault.code, fault.message) == ("lens-map", "the lens reads no table 'custmers'")
    assert fault.fix == "did you mean 'customers'?"
    fault = run("lens", "meta", "--lens", "orders.lens.yaml", "--map", "lake=customers.csv").exception.faults[0]
    assert fault.fix == "its tables are wholesale.customers, wholesale.stream"


def test_a_cohort_in_one_command(run):
    appended = ["--append", "again = nth(2) ever order_placed", "--append", "bills = count after order_invoiced"]
    result = run("cohort", *mapped, "--of", "order_placed", "--which", "first", *appended, "--format", "csv")
    rows = [line.split(",") for line in result.stdout.splitlines()]
    assert rows[0] == [
        "order_placed.activity_uuid",
        "order_placed.entity_id",
        "order_placed.activity_ts",
        "again",
        "bills",
    ]
    customers = [row[1] for row in rows[1:]]
    assert len(customers) == len(set(customers)) > 150


def test_an_append_that_cannot_be_read_is_explained(run):
    result = run("cohort", *mapped, "--of", "order_placed", "--append", "x = sometime order_invoiced")
    assert "write it like 'invoiced_at = first after order_invoiced'" in str(result.exception)
