"""The documentation of the HTTP interface, under the policy and without another machine."""

from tests.browser.tab import Tab


def test_the_interface_is_documented_without_a_violation_of_the_policy(tab: Tab) -> None:
    tab.open("/docs")
    tab.page.wait_for_selector(".opblock")
    shown = tab.text("#swagger-ui")
    assert "/v1/searches/{search}/leaderboard" in shown
    assert "/v1/trials:claim" in shown
    tab.page.click(".opblock-summary-control >> nth=0")
    tab.page.wait_for_selector(".opblock-body")
