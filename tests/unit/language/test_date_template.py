"""`${date….toString('…')}` at a time that is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mlsql_engine.core.errors import BadValue
from mlsql_engine.language.date_template import date_text, format_date, is_date_template

NOW = datetime(2024, 2, 29, 15, 4, 5, 67_890, tzinfo=timezone(timedelta(hours=5, minutes=30), "IST"))


@pytest.mark.parametrize("name", ["date.toString()", "date .plusDays(1)", "date.", "date\n.x"])
def test_templates(name: str) -> None:
    assert is_date_template(name)


@pytest.mark.parametrize("name", ["date", "dates.toString()", "day", "", "my.date.toString()", "Date.toString()"])
def test_names_of_variables(name: str) -> None:
    assert not is_date_template(name)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("date.toString('yyyyMMdd')", "20240229"),
        ('date.toString("yyyy-MM-dd HH:mm:ss")', "2024-02-29 15:04:05"),
        ("date.toString()", "2024-02-29T15:04:05.067+05:30"),
        ("date.plusDays(1).toString('yyyy-MM-dd')", "2024-03-01"),
        ("date.minusDays(1).toString('dd')", "28"),
        ("date.plusWeeks(1).toString('MM-dd')", "03-07"),
        ("date.plusMonths(12).toString('yyyy-MM-dd')", "2025-02-28"),
        ("date.minusMonths(2).toString('yyyy-MM-dd')", "2023-12-29"),
        ("date.plusMonths(1).toString('yyyy-MM-dd')", "2024-03-29"),
        ("date.minusYears(1).toString('yyyy-MM-dd')", "2023-02-28"),
        ("date.plusYears(4).toString('yyyy-MM-dd')", "2028-02-29"),
        ("date.plusHours(9).toString('dd HH')", "01 00"),
        ("date.minusMinutes(5).toString('HH:mm')", "14:59"),
        ("date.plusSeconds(55).toString('mm:ss')", "05:00"),
        ("date.minusDays(-1).toString('MM-dd')", "03-01"),
        ("date.withDayOfMonth(1).toString('dd')", "01"),
        ("date.withDayOfMonth(1).plusMonths(1).minusDays(1).toString('MMdd')", "0229"),
        ("date.withDayOfMonth(1).withMonthOfYear(12).toString('MM')", "12"),
        (" date . plusDays ( 1 ) . toString ( 'dd' ) ".strip(), "01"),
    ],
)
def test_texts(template: str, text: str) -> None:
    assert date_text(template, NOW) == text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yy yyyy y u YY", "24 2024 2024 2024 24"),
        ("M MM MMM MMMM L", "2 02 Feb February 2"),
        ("d dd D DDD", "29 29 60 060"),
        ("E EEE EEEE", "Thu Thu Thursday"),
        ("H HH h hh K k a", "15 15 3 03 3 15 PM"),
        ("m mm s ss", "4 04 5 05"),
        ("S SS SSS SSSSSS SSSSSSSSS", "0 06 067 067890 067890000"),
        ("Z ZZ z X XXX x", "+0530 +05:30 IST +0530 +05:30 +0530"),
        ("yyyy'T'HH", "2024T15"),
        ("h 'o''clock' ''", "3 o'clock '"),
        ("yyyy年MM月", "2024年02月"),
        ("", ""),
    ],
)
def test_patterns(pattern: str, text: str) -> None:
    assert format_date(NOW, pattern) == text


@pytest.mark.parametrize(("hour", "text"), [(0, "0 12 0 24 AM"), (12, "12 12 0 12 PM"), (11, "11 11 11 11 AM")])
def test_hours_at_noon_and_midnight(hour: int, text: str) -> None:
    assert format_date(NOW.replace(hour=hour), "H h K k a") == text


def test_in_utc() -> None:
    assert format_date(datetime(2024, 1, 1, tzinfo=UTC), "Z z") == "+0000 UTC"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("date.", "'date.' is not a date template"),
        ("date.plusDays(1)", "'date.plusDays(1)' does not end in toString"),
        ("date.plusDays(x).toString('y')", "'date.plusDays(x).toString('y')' is not a date template"),
        ("date.toString('y') + 1", "toString comes last and takes a pattern in quotes"),
        ("date.toString(1)", "toString comes last and takes a pattern in quotes"),
        ("date.plusDay(1).toString('y')", "a date has no method 'plusDay'"),
        ("date.plusDays('1').toString('y')", "plusDays takes a whole number"),
        ("date.plusDays(999999999).toString('y')", "plusDays(999999999) leaves the years 1 to 9999"),
        ("date.minusMonths(99999).toString('y')", "minusMonths(99999) leaves the years 1 to 9999"),
        ("date.toString('qq')", "'qq' means nothing in the pattern of a date"),
        ('date.toString("yy \'x")', "the pattern 'yy 'x' has a quote that is not closed"),
    ],
)
def test_what_is_wrong(template: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        date_text(template, NOW)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("date.withDayOfMonth(30).toString('d')", "withDayOfMonth(30): February 2024 has the days 1 to 29"),
        ("date.withMonthOfYear(13).toString('d')", "withMonthOfYear(13): a year has the months 1 to 12"),
        ("date.withMonthOfYear(2).toString('d')", None),
    ],
)
def test_days_and_months_that_there_are_not(template: str, message: str | None) -> None:
    now = NOW if message else NOW.replace(month=3, day=31)
    if message is None:
        assert date_text(template, now) == "29"
        return
    with pytest.raises(BadValue) as caught:
        date_text(template, now)
    assert caught.value.message == message
