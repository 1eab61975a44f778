"""A stand-in for veraPDF: a script that answers in the format of docs.verapdf.org/cli/validation."""

from __future__ import annotations

import os
from pathlib import Path

_REPORT = """<?xml version="1.0" encoding="utf-8"?>
<report>
  <buildInformation>
    <releaseDetails id="core" version="1.28.2" buildDate="2025-07-15T16:07:00+03:00"></releaseDetails>
  </buildInformation>
  <jobs>
    <job>
      <item size="6213"><name>/tmp/product.pdf</name></item>
      {job}
      <duration start="1485163106779" finish="1485163107279">00:00:00:500</duration>
    </job>
  </jobs>
  <batchSummary totalJobs="1" failedToParse="0" encrypted="0" outOfMemory="0" veraExceptions="0">
    <duration start="1485163106741" finish="1485163107379">00:00:00:638</duration>
  </batchSummary>
</report>
"""
_VERDICT = """<validationReport jobEndStatus="normal" profileName="PDF/A-2B validation profile"
        statement="Words of veraPDF's." isCompliant="{verdict}">
        <details passedRules="142" failedRules="{failed}" passedChecks="358" failedChecks="{failed}">
          {rules}
        </details>
      </validationReport>"""
_RULE = """<rule specification="ISO 19005-2:2011" clause="{clause}" testNumber="{test}" status="failed"
            failedChecks="1">
            <description>Words of veraPDF's.</description><object>PDAction</object><test>S == "GoTo"</test>
            <check status="failed"><context>root/document[0]/OpenAction[0](5 0 obj PDAction)</context></check>
          </rule>"""
_FAILURE = """<taskException type="PARSE" isExecuted="true" isSuccess="false">
        <exceptionMessage>Exception: Couldn't parse stream</exceptionMessage></taskException>"""


def conforming() -> str:
    """The report on a file that conforms."""
    return _REPORT.format(job=_VERDICT.format(verdict="true", failed=0, rules=""))


def breaking(*rules: tuple[str, int]) -> str:
    """The report on a file that breaks rules, each with clause and test number."""
    shown = "".join(_RULE.format(clause=clause, test=test) for clause, test in rules)
    return _REPORT.format(job=_VERDICT.format(verdict="false", failed=len(rules), rules=shown))


def failing() -> str:
    """The report on a file that could not be parsed."""
    return _REPORT.format(job=_FAILURE)


def install(folder: Path, report: str, before: str = "") -> str:
    """Put the script into ``folder``, where it notes its arguments in ``calls``; returns a PATH with it.

    ``before`` are shell commands it does before it answers.
    """
    folder.mkdir(exist_ok=True)
    (folder / "report.xml").write_text(report, encoding="utf-8")
    script = folder / "verapdf"
    script.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo "veraPDF 1.28.2"; exit 0; fi\n'
        f"echo \"$@\" >> '{folder}/calls'\n{before}\ncat '{folder}/report.xml'\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
