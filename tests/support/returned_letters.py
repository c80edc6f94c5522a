"""Reports that a letter did not arrive, as mail servers write them (RFC 3464)."""

from __future__ import annotations

_REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example>
{header}: {path}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 16 Sep 2019 10:00:00 +0000

Final-Recipient: rfc822; dev@school.example
Original-Recipient: rfc822;dev@school.example
Action: {action}
Status: {status}
Remote-MTA: dns; mail.school.example
Diagnostic-Code: {diagnostic}

--b1
Content-Type: message/rfc822

From: Survey <survey@trial.example>
To: dev@school.example
Subject: Your questionnaire

Dear Dev,
--b1--
"""


def returned(
    path: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "smtp; no more is said",
    header: str = "To",
) -> bytes:
    """Give the report that a letter with this return address came back."""
    return _REPORT.format(
        header=header, path=path, status=status, action=action, diagnostic=diagnostic
    ).encode()
