"""What one does from a page: pause, resume, extend, cancel, run again, and a new search."""

from tests.browser.tab import Tab, within
from tests.service.api.calls import Api


def test_a_search_is_paused_resumed_extended_and_cancelled(api: Api, tab: Tab) -> None:
    search = api.submit(trials=6, parallel=2)
    tab.open(f"/searches/{search}")
    tab.page.click("#pause")
    within(3, lambda: "paused" in tab.text("h1"))
    assert api.search(search)["state"] == "paused"
    tab.page.click("#resume")
    within(3, lambda: "active" in tab.text("h1"))

    tab.page.fill("#budget", "11")
    tab.page.press("#budget", "Enter")
    within(3, lambda: "of 11" in tab.text("#part-head"))
    assert api.search(search)["trials"] == 11

    tab.answers_dialogs = True
    tab.page.click("#cancel")
    within(3, lambda: "cancelled" in tab.text("h1"))
    assert api.search(search)["state"] == "cancelled"
    assert tab.page.query_selector("#cancel") is None


def test_what_the_server_refuses_is_said_in_its_words(api: Api, tab: Tab) -> None:
    search = api.submit(trials=4, parallel=4)
    tab.open(f"/searches/{search}")
    tab.expects_failures = True
    tab.page.fill("#budget", "1")
    tab.page.click("#extend")
    within(3, lambda: "4 trials already exist" in tab.text("#notice"))
    assert api.search(search)["trials"] == 4


def test_a_trial_is_run_again_with_another_seed(api: Api, tab: Tab) -> None:
    search = api.submit(trials=5, parallel=1)
    (trial,) = api.claim(search)
    api.finish(trial, metrics={"loss": 1})
    tab.open(f"/trials/{trial['id']}")
    tab.page.click("#again")
    tab.page.wait_for_url(lambda url: not url.endswith(f"/trials/{trial['id']}"))
    assert "enqueued" in tab.text()
    again = api.get(f"/v1/searches/{search}/trials")["items"][-1]
    assert again["origin"] == "enqueued"
    assert again["hyperparameters"] == trial["hyperparameters"]


def test_a_trial_is_cancelled_from_its_page(api: Api, tab: Tab) -> None:
    search = api.submit(trials=2, parallel=2)
    trial, _ = api.claim(search)
    tab.open(f"/trials/{trial['id']}")
    tab.answers_dialogs = True
    tab.page.click("#cancel-trial")
    within(3, lambda: "cancelled" in tab.text("h1"))


def test_a_trials_spec_is_shown_to_be_copied_where_the_clipboard_is_closed(api: Api, tab: Tab) -> None:
    search = api.submit(trials=2)
    (trial,) = api.claim(search, capacity=1)
    tab.open(f"/trials/{trial['id']}")
    tab.page.click('[data-copy="spec-text"]')
    within(3, lambda: tab.page.is_visible("#notice"))
    copied = "Copied." in tab.text("#notice")
    assert copied or "trials: 1" in tab.page.evaluate("getSelection().toString()")


def test_a_new_search_is_checked_as_it_is_typed_and_started(api: Api, tab: Tab) -> None:
    tab.open("/new")
    within(5, lambda: tab.page.is_enabled("#submit"))
    assert len(tab.page.query_selector_all("#draws tbody tr")) == 5

    tab.page.fill("#yaml", "trainer: toy\nmetric: loss\ngoal: minimise\nspace: {x: {low: 0, high: 1}}\n")
    within(5, lambda: "goal" in tab.text("#problems"))
    assert "minimize" in tab.text("#problems")
    assert tab.page.is_disabled("#submit")

    tab.page.fill("#yaml", "trainer: toy\nmetric: loss\ngoal: minimize\nspace: {x: {low: 0, high: 1}}\n")
    within(5, lambda: tab.page.is_enabled("#submit"))
    tab.page.fill('[data-field="name"]', "from the page: <b>")
    tab.page.fill('[data-field="trials"]', "7")
    within(5, lambda: "7 trials" in tab.text("#verdict"))
    tab.page.click("#submit")
    tab.page.wait_for_url("**/searches/*")
    assert "from the page: <b> active" in tab.text("h1")
    assert "of 7" in tab.text("#part-head")
