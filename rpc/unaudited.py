"""Mutations without an audit entry in their own call, each with its reason. A test compares this list with the declarations."""

from collections.abc import Mapping

UNAUDITED: Mapping[str, str] = {
    "access.changePassword": "Hashes outside any transaction, then writes `access.changePassword` or `access.changePasswordFailed` in its own transaction.",
    "access.people.create": "Hashes outside any transaction, then writes `access.people.create` in the transaction that adds the person.",
    "access.signIn": "Checks the password outside any transaction, then writes `access.signIn`, `signInFailed` or `signInRefused` in one of its own.",
    "datasets.append": "Every appended row is a row of its own, kept with its time and its sender.",
    "inference.importLog": "Reads the lines before any transaction, then writes `inference.importLog` in the transaction that keeps the rows.",
    "inference.predict": "Every prediction is a row of its group's log, with its caller; a second entry for each would double the writes.",
    "inference.recordDecisions": "Every final decision is a row of its own, kept with its time, who took it, and what it replaced.",
    "inference.recordOutcomes": "Every outcome is a row of its own, kept with its time and its corrections.",
    "imports.commit": "Waits for its turn before any transaction, then writes `imports.commit` in the transaction that stores the version.",
    "imports.commitSeveral": "Waits for its turn before any transaction, then writes `imports.commit` in the transaction that keeps the versions.",
    "imports.propose": "Reads a file before any transaction, then writes `imports.propose` in the transaction that keeps the draft.",
    "imports.reimport": "Reads a stored source before any transaction, then writes `imports.reimport` in the transaction that keeps the draft.",
    "imports.revise": "May ask a language model before any transaction, then writes `imports.revise` in the transaction that keeps the draft.",
}
