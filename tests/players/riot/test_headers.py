import pytest
from hypothesis import given
from hypothesis import strategies as st

from riotwatch_players.riot.headers import LONGEST_RETRY_AFTER_S, read_rate_headers


def test_reads_a_real_429():
    rate = read_rate_headers(
        {
            "retry-after": "2",
            "X-App-Rate-Limit": "20:1,100:120",
            "X-App-Rate-Limit-Count": "21:1,36:120",
            "X-METHOD-RATE-LIMIT": "2000:60",
            "X-Method-Rate-Limit-Count": "36:60",
            "X-Rate-Limit-Type": "application",
        }
    )
    assert rate.app_limits == {1: 20, 120: 100}
    assert rate.app_counts == {1: 21, 120: 36}
    assert rate.method_limits == {60: 2000}
    assert rate.retry_after_s == 2.0
    assert rate.kind == "application"


def test_the_order_of_windows_does_not_matter():
    one = read_rate_headers({"X-App-Rate-Limit": "100:120,20:1"})
    other = read_rate_headers({"X-App-Rate-Limit": " 20:1 , 100:120 "})
    assert list(one.app_limits.items()) == list(other.app_limits.items())


def test_absent_headers_say_nothing():
    rate = read_rate_headers({})
    assert (rate.app_limits, rate.method_counts, rate.retry_after_s, rate.kind) == ({}, {}, None, None)


def test_of_two_limits_on_one_window_the_tighter_one_counts():
    assert read_rate_headers({"X-App-Rate-Limit": "20:1,10:1"}).app_limits == {1: 10}


def test_zeros_are_no_limits():
    assert read_rate_headers({"X-App-Rate-Limit": "0:10,5:0,3:3"}).app_limits == {3: 3}


@pytest.mark.parametrize("value", ["", "soon", "-3", "Wed, 21 Oct 2015 07:28:00 GMT", "1e3", "٣"])
def test_an_unreadable_retry_after_is_none(value):
    assert read_rate_headers({"Retry-After": value}).retry_after_s is None


def test_an_absurd_retry_after_is_cut():
    assert read_rate_headers({"Retry-After": "999999999"}).retry_after_s == LONGEST_RETRY_AFTER_S


@given(st.text(max_size=30), st.text(alphabet="0123456789:, x", max_size=30))
def test_garbage_never_raises(noise, almost):
    for text in (noise, almost):
        names = ("X-App-Rate-Limit", "X-App-Rate-Limit-Count", "Retry-After", "X-Rate-Limit-Type")
        rate = read_rate_headers(dict.fromkeys(names, text))
        assert all(limit > 0 and window > 0 for window, limit in rate.app_limits.items())
