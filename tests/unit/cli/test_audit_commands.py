from __future__ import annotations

from trials import Trial

from survey_app.jobs.sealing import seal_audit_trail


def test_a_sound_trail_is_told_with_its_newest_seal(done, refused, trial: Trial):
    seal_audit_trail(trial.database, clock=trial.clock, stopping=lambda: False)
    told = done("audit", "verify")
    assert "are as they were sealed" in told
    head = told.partition("Newest seal: ")[2].split()[0]
    assert "0 newer events" in done("audit", "verify", "--head", head)
    assert "seals were cut off" in refused("audit", "verify", "--head", "a" * 64)


def test_an_event_added_by_hand_and_never_sealed_is_told(refused, trial: Trial):
    trial.clock.move(hours=2)
    assert "under no seal" in refused("audit", "verify")


def test_the_whole_trail_is_written_to_a_file_once(done, refused, trial: Trial, tmp_path):
    file = tmp_path / "trail.csv"
    trial.invite()
    assert f"events written to {file}" in done("audit", "export", file)
    lines = file.read_text().splitlines()
    assert lines[0] == "study,when_utc,who,what,record,action"
    assert any(line.startswith("bolton-primary,") and "10 people invited" in line for line in lines)
    assert any(line.startswith(",") and line.endswith("staff_added") for line in lines)
    assert "is there already" in refused("audit", "export", file)
    assert "cannot be written" in refused("audit", "export", tmp_path / "no" / "trail.csv")
