"""Whatever is done to a study file, the answer is a study or a list of faults."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import DefinitionError, Fault
from survey_app.trial.design import load_ready_made, read_study

LINES = load_ready_made()["bolton-primary"].source.splitlines()
VALUES = st.sampled_from(['""', '"x"', "-1", "0", "1.5", "nan", "true", "[]", "{}", "1979-05-27",
                          "1979-05-27T07:32:00Z", '["a", 1]', "[[1]]"])  # fmt: skip


def faults_of(text: str) -> tuple[Fault, ...]:
    """What the study is refused for; () where it is read."""
    try:
        read_study(text, "study.toml")
    except DefinitionError as error:
        return error.faults or (Fault("", "", "refused without a fault", ""),)
    return ()


@settings(deadline=None, max_examples=150)
@given(place=st.integers(0, len(LINES) - 1), value=st.one_of(st.none(), VALUES))
def test_a_line_lost_or_changed_gives_a_study_or_named_faults(
    place: int, value: str | None
) -> None:
    lines = list(LINES)
    key, sign, _ = lines[place].partition(" = ")
    lines[place] = f"{key} = {value}" if value is not None and sign else ""
    assert all(
        fault.file == "study.toml" and fault.expected for fault in faults_of("\n".join(lines))
    )
