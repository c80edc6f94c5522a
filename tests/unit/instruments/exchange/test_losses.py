"""What is told of a conversion's losses: what is gone, of which item, and why."""

from __future__ import annotations

from instruments.exchange.losses import NO_PLACE, Loss, losses_between

SAID = {
    "id": "calm",
    "stem": "",
    "licence": {"tier": "A", "text": "Free.", "permits_commercial": False},
    "items": (
        {"id": "calm_1", "text": "I was calm.", "risk": True},
        {"id": "calm_2", "text": "I was not."},
    ),
    "sets": ({"id": "often", "options": ({"value": 0, "label": "Never"},)},),
    "norms": ({"score": "calm_total", "mean": 3.0},),
}


def test_the_same_loses_nothing() -> None:
    assert losses_between(SAID, SAID, {}) == ()


def test_a_table_that_is_gone_is_one_loss_and_one_that_is_there_is_compared() -> None:
    kept = {key: value for key, value in SAID.items() if key != "licence"}
    assert losses_between(SAID, kept, {}) == (Loss("licence", "", NO_PLACE),)
    kept["licence"] = {"text": "Free."}
    assert [loss.field for loss in losses_between(SAID, kept, {})] == [
        "licence.tier",
        "licence.permits_commercial",
    ]


def test_an_entry_is_known_by_its_id_wherever_it_stands() -> None:
    kept = {**SAID, "items": SAID["items"][::-1]}
    assert losses_between(SAID, kept, {}) == ()
    kept["items"] = ({"id": "calm_1", "text": "I was calm!"},)
    assert losses_between(SAID, kept, {}) == (
        Loss("items.text", "calm_1", NO_PLACE),
        Loss("items.risk", "calm_1", NO_PLACE),
        Loss("items", "calm_2", NO_PLACE),
    )


def test_a_choice_is_named_by_its_set_and_value() -> None:
    kept = {**SAID, "sets": ({"id": "often", "options": ({"value": 0, "label": "?"},)},)}
    assert losses_between(SAID, kept, {}) == (Loss("sets.options.label", "often 0", NO_PLACE),)


def test_the_reason_is_that_of_the_nearest_table() -> None:
    kept = {**SAID, "licence": {}, "norms": ()}
    why = {"licence": "no terms", "licence.tier": "no tiers", "norms": "no norms"}
    assert [str(loss) for loss in losses_between(SAID, kept, why)] == [
        "licence.tier: no tiers",
        "licence.text: no terms",
        "licence.permits_commercial: no terms",
        "norms of calm_total: no norms",
    ]


def test_an_empty_text_has_nothing_to_lose() -> None:
    kept = {key: value for key, value in SAID.items() if key != "stem"}
    assert losses_between(SAID, kept, {}) == ()
