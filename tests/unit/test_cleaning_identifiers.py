"""Identifiers: phones as the numbering plans say, reasons for people, derived domains, composites, typed columns."""

import pytest

from c360.cleaning import derived, malformed_reason, normal_sql, normalise
from c360.project.blocks.ids import IdKind
from c360.warehouse.engines.duckdb import open_memory

email, phone, external = IdKind(type="email"), IdKind(type="phone"), IdKind(type="external")
composite = IdKind(type="external", columns=("site", "customer_no"))

national_rules_not_applied = {"AR"}  # Argentine mobiles: 15 goes, 9 comes


def sample_numbers() -> list[tuple[str, object]]:
    """The example numbers of every region: (region, number)."""
    import phonenumbers as numbers

    kinds = (numbers.PhoneNumberType.FIXED_LINE, numbers.PhoneNumberType.MOBILE)
    found = [
        (region, numbers.example_number_for_type(region, kind))
        for region in numbers.SUPPORTED_REGIONS
        for kind in kinds
    ]
    return [(region, number) for region, number in sorted(found, key=lambda pair: pair[0]) if number is not None]


def test_numbers_of_every_region_become_what_the_numbering_plan_says() -> None:
    import phonenumbers as numbers

    form, wrong, seen = numbers.PhoneNumberFormat, [], 0
    for region, number in sample_numbers():
        expected = numbers.format_number(number, form.E164)
        abroad = "US" if region != "US" else "GB"
        spellings = [
            (numbers.format_number(number, form.NATIONAL), region),
            (numbers.format_number(number, form.INTERNATIONAL), "DE"),
            (numbers.format_number(number, form.RFC3966), "FR"),
            (expected, "JP"),
            (numbers.format_out_of_country_calling_number(number, abroad), abroad),
        ]
        for written, home in spellings:
            seen += 1
            found = normalise(phone, written, region=home)
            if found != expected and not (region in national_rules_not_applied and found is None):
                wrong.append((region, home, written, expected, found))
    assert seen > 2000
    assert not wrong


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        (email, "jane", "email-no-at"),
        (email, "jane@@acme.com", "email-two-at"),
        (email, "@acme.com", "email-no-local"),
        (email, "jane@", "email-no-domain"),
        (email, "jane doe@acme.com", "email-space"),
        (email, "x@nopain,nogain.com", "email-domain"),
        (email, "jane..doe@acme.com", "email-local"),
        (email, "a" * 65 + "@acme.com", "email-too-long"),
        (email, "a" * 2000, "email-too-long"),
        (phone, "030 123456 ext 5", "phone-extension"),
        (phone, "1-800-FLOWERS", "phone-characters"),
        (phone, "110", "phone-too-short"),
        (phone, "+49 30 12345678901234", "phone-too-long"),
        (phone, "+1 650 253 000", "phone-length"),
        (IdKind(type="domain"), "acme", "domain-no-dot"),
        (IdKind(type="domain"), "acme com", "domain-space"),
        (IdKind(type="domain"), "a@b@c.com", "domain-two-at"),
        (IdKind(type="domain"), "acme_shop.com", "domain-form"),
        (IdKind(type="domain"), "https://", "domain-empty"),
        (IdKind(type="domain", options={"registrable": True}), "co.uk", "domain-suffix"),
        (external, "x" * 1001, "external-too-long"),
        (IdKind(type="external", options={"null_words": ["tbd"]}), "TBD", "external-empty"),
    ],
)
def test_a_malformed_value_has_a_code_and_a_reason(kind: IdKind, value: str, code: str) -> None:
    found = malformed_reason(kind, value, region="DE")
    assert found is not None
    assert found.code == code
    assert found.reason


@pytest.mark.parametrize("value", [None, "", " ", "NULL", "n/a"])
@pytest.mark.parametrize("kind", [email, phone, external])
def test_an_absent_value_is_not_malformed(kind: IdKind, value: str | None) -> None:
    assert malformed_reason(kind, value, region="DE") is None


def test_a_well_formed_value_is_not_malformed() -> None:
    assert malformed_reason(email, "Jane@acme.com", region="DE") is None


def test_the_domain_of_an_accepted_address_is_accepted() -> None:
    lenient = IdKind(type="email", options={"mode": "lenient"})
    address = normalise(lenient, "x@NoPain,NoGain.com", region="US")
    assert address is not None
    assert derived(IdKind(type="domain"), lenient, address) == "nopain,nogain.com"
    assert derived(IdKind(type="domain"), email, "jane@www.acme.com") == "acme.com"
    registrable = IdKind(type="domain", options={"mode": "registrable"})
    assert derived(registrable, email, "jane@mail.acme.co.uk") == "acme.co.uk"


def test_composite_parts_are_cleaned_and_cannot_run_into_each_other() -> None:
    assert normalise(composite, " S1 ", 7, region="US") == "S1|7"
    assert normalise(composite, "a|b", "c", region="US") != normalise(composite, "a", "b|c", region="US")
    assert normalise(composite, "a\\", "b", region="US") != normalise(composite, "a", "\\b", region="US")


@pytest.mark.parametrize("parts", [(None, "7"), ("S1", None), (" ", "7"), ("S1", "")])
def test_a_composite_identifier_without_one_of_its_parts_is_none(parts: tuple[str | None, str | None]) -> None:
    assert normalise(composite, *parts, region="US") is None
    with open_memory(threads=1) as work:
        columns = "SELECT CAST(? AS VARCHAR) AS a, CAST(? AS VARCHAR) AS b"
        assert (
            work.scalar(f"SELECT {normal_sql(composite, ['a', 'b'], region='US')} FROM ({columns}) AS raw", parts)
            is None
        )


@pytest.mark.parametrize(
    ("type_name", "text"), [("BIGINT", "1000"), ("INTEGER", "7"), ("VARCHAR", "0007"), ("DECIMAL(9,0)", "5")]
)
def test_a_typed_column_gives_the_same_identifier_as_its_text(type_name: str, text: str) -> None:
    with open_memory(threads=1) as work:
        sql = normal_sql(external, ["x"], region="US")
        assert work.scalar(f"SELECT {sql} FROM (SELECT CAST('{text}' AS {type_name}) AS x) AS raw") == text
