"""A certificate is checked without a database, and whatever was changed in it is found."""

from __future__ import annotations

import hashlib
import re

import pytest

from survey_app.trial.allocation import allocate, allocate_late
from survey_app.trial.allocation_file import Imported
from survey_app.trial.allocation_records import ArmShare, LateAct, Method, SchoolForAllocation
from survey_app.trial.blocks import PermutedBlocks
from survey_app.trial.certificate import Certificate, certified, read_certificate
from survey_app.trial.errors import CertificateError
from survey_app.trial.minimisation import Minimisation

ARMS = (ArmShare("supervision"), ArmShare("usual_support"))
FACTS = (
    ("study", "bolton-primary"),
    ("program", "0.1.0"),
    ("engine", "0" * 64),
    ("allocated", "2019-10-14T06:00:00+00:00"),
    ("by", "staff:1"),
    ("baseline", "cut off, 3 of 9 people outstanding: a reason | with a bar"),
)
ROSTER = [SchoolForAllocation(str(100_000 + n), ("Bolton", "Bury")[n % 2]) for n in range(9)]
LATE = [SchoolForAllocation("200000", "Bolton"), SchoolForAllocation("200001", "Bury")]
METHODS: list[Method] = [
    PermutedBlocks(4),
    Minimisation(("authority",), "0.8"),
    Imported(
        {each.urn: ("supervision", "usual_support")[n % 2] for n, each in enumerate(ROSTER)},
        "The trials unit, by lot",
        "1" * 64,
    ),
]


def certificate(method: Method) -> Certificate:
    first = allocate(ROSTER, arms=ARMS, method=method, seed="a seed", facts=FACTS)
    if isinstance(method, Imported):
        method = Imported({each.urn: "supervision" for each in LATE}, "The same", "2" * 64)
    late: list[LateAct] = []
    for each in LATE:
        late.append(allocate_late([each], first=first, acts=late, method=method, facts=FACTS))
    return certified(first, late, [first.sha256, *(act.sha256 for act in late)])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_reads_back_as_it_was_written_and_is_sound(method: Method) -> None:
    written = certificate(method)
    read = read_certificate(written.text)
    assert read.text == written.text
    assert read.rows == written.rows
    assert read.differences() == written.differences() == ()
    assert read.first.method.can_be_repeated is not isinstance(method, Imported)


def test_says_all_that_a_third_party_needs() -> None:
    text = certificate(PermutedBlocks(4)).text
    for line in (
        "study|bolton-primary",
        "program|0.1.0",
        "rule|permuted blocks within strata by SHA-256, version 1",
        "seed|a seed",
        "arm|supervision|1",
        "balance|authority|Bolton|supervision|",
        "balance|all||usual_support|",
    ):
        assert f"\n{line}" in text, line
    assert "\nroster|" in text


def test_each_part_hashes_to_its_seal_with_no_code_of_ours() -> None:
    text = certificate(PermutedBlocks(4)).text
    parts = re.split(r"^part\|\d+\|([0-9a-f]{64})\n", text, flags=re.MULTILINE)[1:]
    seals, bodies = parts[::2], parts[1::2]
    assert len(seals) == 3
    assert [hashlib.sha256(body.encode()).hexdigest() for body in bodies] == seals
    assert f"\nprevious|{seals[0]}\n" in bodies[1]
    assert f"\nprevious|{seals[1]}\n" in bodies[2]


def test_a_certificate_with_late_schools_begins_as_the_one_before_them() -> None:
    whole = certificate(PermutedBlocks(4))
    before = certified(whole.first, whole.late[:1], whole.seals[:2])
    assert whole.text.startswith(before.text)


def resealed(text: str) -> str:
    """The text with every seal computed anew, as somebody would who wants it believed."""
    head, *parts = re.split(r"^(?=part\|)", text, flags=re.MULTILINE)
    sealed: list[str] = []
    seal = ""
    for number, part in enumerate(parts):
        body = part.split("\n", 1)[1]
        if number:
            body = re.sub(r"^previous\|.*$", f"previous|{seal}", body, flags=re.MULTILINE)
        seal = hashlib.sha256(body.encode()).hexdigest()
        sealed.append(f"part|{number}|{seal}\n{body}")
    return head + "".join(sealed)


@pytest.mark.parametrize("method", METHODS[:2], ids=lambda method: type(method).__name__)
@pytest.mark.parametrize(
    ("pattern", "other", "told"),
    [
        (r"^(school\|.*\|)supervision$", r"\1usual_support", "repeating the draw gives"),
        (r"^seed\|a seed$", "seed|another", "repeating the draw gives"),
        (r"^school\|B.*\n", "", "seal of the roster"),
        (r"^balance\|all\|\|supervision\|\d+$", "balance|all||supervision|7", "another form"),
        (r"^mask\|A\|.*$", "mask|A|nothing", "Letter A"),
        (r"^roster\|.*$", f"roster|{'f' * 64}", "seal of the roster"),
    ],
)
def test_what_was_changed_is_found_even_with_the_seals_made_anew(
    method: Method, pattern: str, other: str, told: str
) -> None:
    text = certificate(method).text
    changed = re.sub(pattern, other, text, count=1, flags=re.MULTILINE)
    assert changed != text
    assert "The seal of part 0" in "\n".join(read_certificate(changed).differences())
    assert told in "\n".join(read_certificate(resealed(changed)).differences())


def test_a_late_school_moved_to_the_other_arm_is_found() -> None:
    text = certificate(PermutedBlocks(4)).text
    head, second = text.split("part|1|")
    arm = re.search(r"^school\|.*\|(\w+)$", second, flags=re.MULTILINE)
    assert arm is not None
    other = {"supervision": "usual_support", "usual_support": "supervision"}[arm[1]]
    changed = resealed(head + "part|1|" + second.replace(f"|200000|{arm[1]}", f"|200000|{other}"))
    assert "School 200000 is recorded with the arm" in read_certificate(changed).differences()[0]


def test_a_part_that_was_taken_out_is_missed() -> None:
    text = certificate(PermutedBlocks(4)).text
    head, *parts = re.split(r"^(?=part\|)", text, flags=re.MULTILINE)
    with pytest.raises(CertificateError, match="found part 2; expected part 1"):
        read_certificate(head + parts[0] + parts[2])
    renumbered = head + parts[0] + parts[2].replace("part|2|", "part|1|")
    told = "\n".join(read_certificate(renumbered).differences())
    assert "goes on from" in told


def test_a_file_that_is_no_certificate_is_told_line_by_line() -> None:
    with pytest.raises(CertificateError, match="line 1: found 'urn,arm'"):
        read_certificate("urn,arm\n100000,A\n")
    text = certificate(PermutedBlocks(4)).text
    broken = text.replace("rule|permuted", "rule|unknown").replace("school|Bolton|1|1|", "school|")
    with pytest.raises(CertificateError) as refused:
        read_certificate(broken)
    assert len(refused.value.faults) == 2
    assert any("school|stratum|block|position|urn|arm" in fault for fault in refused.value.faults)
    with pytest.raises(CertificateError, match="has 0 lines 'seed'"):
        read_certificate(text.replace("seed|a seed\n", ""))
