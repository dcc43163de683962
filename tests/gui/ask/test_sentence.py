"""A request as one sentence."""

import pytest

from iamdesk.gui.ask.sentence import Sentence, read_sentence

PAYROLL = "arn:aws:s3:::acme-payroll/*"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("who can delete object on payroll", Sentence("", "delete object", "payroll")),
        (f"Who can s3:DeleteObject  on {PAYROLL} ?", Sentence("", "s3:DeleteObject", PAYROLL)),
        ("who can iam:CreateUser", Sentence("", "iam:CreateUser", None)),
        ("can elena.petrov do s3:GetObject on payroll?", Sentence("elena.petrov", "s3:GetObject", "payroll")),
        ("why can ana.moreno not get object on payroll", Sentence("ana.moreno", "get object", "payroll")),
        ("why is ana.moreno not allowed to get object on payroll", Sentence("ana.moreno", "get object", "payroll")),
        ("get object on payroll", Sentence(None, "get object", "payroll")),
        ("Wer kann s3:GetObject auf payroll?", Sentence("", "s3:GetObject", "payroll")),
        ("s3:GetObject auf payroll", Sentence(None, "s3:GetObject", "payroll")),
        ("s3:GetObject", None),
        ("read object", None),
        ("elena.petrov", None),
        ("on payroll", None),
        ("", None),
    ],
)
def test_parts(text: str, found: Sentence | None) -> None:
    assert read_sentence(text, "auf", "wer kann") == found
