"""Evaluate the findings of the doctor."""


def levels(findings):
    """Return the level of each subject."""
    return {finding.subject: finding.level for finding in findings}
