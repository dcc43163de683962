"""What a forger of review files has: SQLite, iamdesk itself to hash and seal everything anew, and a list of edits."""

# ruff: noqa: S608 - the forger writes the SQL, from words of its own

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iamdesk.review.events import event_from_json
from iamdesk.review.items import ReviewItem
from iamdesk.review.journal import digest
from iamdesk.review.schema import append_events, read_entries, read_events, read_head
from iamdesk.review.seals import seal

Value = dict[str, Any]


class Forger:
    """Edits an open review file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)

    def sql(self, text: str, *values: object) -> None:
        self.db.execute(text, values)

    def count(self, table: str, by: int) -> None:
        """Adapt the number of rows in the head: no hash is needed for it."""
        name = f"count.{table}"
        (now,) = self.db.execute("SELECT value FROM head WHERE name = ?", (name,)).fetchone()
        self.sql("UPDATE head SET value = ? WHERE name = ?", f"{int(now) + by:010d}", name)

    def entries(self) -> list[Value]:
        return [{**one.content, "sha256": one.sha256} for one in read_entries(self.db)]

    def events(self) -> list[Value]:
        return [{**one.content, "sha256": one.sha256} for one in read_events(self.db)]

    def item(self, at: int, do: Callable[[Value], object]) -> None:
        """Change an entitlement, with its digest and its id."""
        (text,) = self.db.execute("SELECT line FROM lines WHERE position = ?", (at,)).fetchone()
        value = json.loads(text)
        do(value)
        made = ReviewItem.from_json(value)
        self.sql(
            "UPDATE lines SET line = ?, line_id = ?, sha256 = ? WHERE position = ?",
            json.dumps(value, ensure_ascii=False), made.line_id, made.sha256, at,
        )  # fmt: skip

    def finding(self, at: int, do: Callable[[Value], object]) -> None:
        (text,) = self.db.execute("SELECT finding FROM findings WHERE position = ?", (at,)).fetchone()
        value = json.loads(text)
        do(value)
        self.sql(
            "UPDATE findings SET finding = ?, finding_id = ?, sha256 = ? WHERE position = ?",
            json.dumps(value, ensure_ascii=False), value["finding_id"], digest(value), at,
        )  # fmt: skip

    def raw(self, number: int, column: str, do: Callable[[Value], object]) -> None:
        """Change a decision of an entry without any hash."""
        (text,) = self.db.execute(f"SELECT {column} FROM journal WHERE number = ?", (number,)).fetchone()
        value = json.loads(text)
        do(value)
        self.sql(f"UPDATE journal SET {column} = ? WHERE number = ?", json.dumps(value), number)

    def rewrite(
        self,
        journal: Callable[[list[Value]], object] = lambda _: None,
        events: Callable[[list[Value]], object] = lambda _: None,
        *,
        packs: bool = True,
        start: str = "",
    ) -> None:
        """Write journal and events anew after a change, and hash and seal everything: items, chain, packages, head."""
        entries, happened = self.entries(), self.events()
        journal(entries)
        events(happened)
        ids = dict(self.db.execute("SELECT line_id, sha256 FROM lines"))
        ids |= dict(self.db.execute("SELECT finding_id, sha256 FROM findings"))
        for table in ("journal", "origins", "events"):
            self.sql(f"DELETE FROM {table}")
        seal(self.db)
        moved = {}
        previous = start or read_head(self.path, self.db).journal_start
        for number, one in enumerate(entries, 1):
            was = one.pop("sha256", None)
            one |= {"number": number, "previous": previous}
            one["line_sha256"] = ids.get(one["line_id"], one["line_sha256"])
            previous = moved[was] = digest(one)
            self._write(one, previous)
        previous = "0" * 64
        for number, one in enumerate(happened, 1):
            was = one.pop("sha256", None)
            one |= {"number": number, "previous": previous}
            previous = one["sha256"] = digest(one)
            moved[was] = previous
        append_events(self.db, map(event_from_json, happened))
        if packs:
            self._move_packs(moved)
        seal(self.db)

    def _write(self, entry: Value, sha256: str) -> None:
        """Write an entry as it is, also one that iamdesk would refuse."""
        texts = {name: one if isinstance(one, int | str) else json.dumps(one) for name, one in entry.items()}
        if origin := texts.pop("origin", None):
            self.sql("INSERT INTO origins VALUES (?, ?)", entry["number"], origin)
        texts = {"identities": "[]", **texts, "sha256": sha256}
        marks = ", ".join("?" * len(texts))
        self.sql(f"INSERT INTO journal ({', '.join(texts)}) VALUES ({marks})", *texts.values())

    def _move_packs(self, moved: Mapping[str | None, str]) -> None:
        """Let the noted packages name the new hashes and numbers."""
        for column in ("journal_sha256", "events_sha256"):
            for number, sha256 in self.db.execute(f"SELECT number, {column} FROM packs").fetchall():
                self.sql(f"UPDATE packs SET {column} = ? WHERE number = ?", moved.get(sha256, sha256), number)
        number_now = "SELECT number FROM journal WHERE sha256 = journal_sha256"
        self.sql(f"UPDATE packs SET journal_entries = coalesce(({number_now}), journal_entries)")

    def close(self) -> None:
        self.db.close()


@dataclass(frozen=True, slots=True)
class Forgery:
    """One edit of a review file."""

    name: str
    do: Callable[[Forger], object]
    is_seen: bool = True
    """Whether opening the file reveals it; else only something that is held elsewhere does."""


def sql(text: str) -> Callable[[Forger], object]:
    return lambda forger: forger.db.executescript(text)


def counted(text: str, table: str, by: int = -1) -> Callable[[Forger], object]:
    def do(forger: Forger) -> None:
        forger.db.executescript(text)
        forger.count(table, by)

    return do


def change(entry: int, **values: object) -> Callable[[Forger], object]:
    """Change an entry (from 0, or from the end), and hash everything anew."""
    return lambda forger: forger.rewrite(lambda entries: entries[entry].update(values))


def after(entry: int, **values: object) -> Callable[[Forger], object]:
    return lambda forger: forger.rewrite(lambda entries: entries[entry]["after"].update(values))


def journal(do: Callable[[list[Value]], object]) -> Callable[[Forger], object]:
    return lambda forger: forger.rewrite(do)


def events(do: Callable[[list[Value]], object]) -> Callable[[Forger], object]:
    return lambda forger: forger.rewrite(events=do)


def then(do: Callable[[Forger], object]) -> Callable[[Forger], object]:
    """Edit, and hash everything anew."""

    def both(forger: Forger) -> None:
        do(forger)
        forger.rewrite()

    return both


def drop(*numbers: int) -> Callable[[list[Value]], object]:
    def do(entries: list[Value]) -> None:
        for one in sorted(numbers, reverse=True):
            del entries[one]

    return do


def _swap(table: str) -> str:
    return (
        f"UPDATE {table} SET position = -1 WHERE position = 1; UPDATE {table} SET position = 1 WHERE position = 2;"
        f"UPDATE {table} SET position = 2 WHERE position = -1;"
    )


def _reset_chain(forger: Forger) -> None:
    """Let the chain begin at zero, as if it were not bound to what is reviewed."""
    forger.sql("INSERT INTO head VALUES ('detail.journal_genesis', ?)", "0" * 64)
    forger.rewrite(start="0" * 64)


def _claimed_as_recovered(forger: Forger) -> None:
    """Pretend that the review was recovered, and leave an undecided entitlement out."""
    forger.sql("INSERT INTO head VALUES ('detail.recovered_from', 'r.iamreview')")
    forger.sql("DELETE FROM lines WHERE position = 11")
    _reset_chain(forger)


def _without_seals(forger: Forger) -> None:
    forger.rewrite()
    forger.sql("DELETE FROM head WHERE name GLOB 'seal.*' OR name GLOB 'count.*'")


def _without(table: str, column: str) -> Callable[[Forger], object]:
    """Leave out what a table has, and seal the rest."""

    def do(forger: Forger) -> None:
        forger.rewrite()
        forger.sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        seal(forger.db)

    return do


def _second(name: str) -> Callable[[list[Value]], object]:
    """Let somebody approve the decision of Ana Moreno."""

    def do(entries: list[Value]) -> None:
        entries[5]["reviewer"] = entries[5]["after"]["second"] = name

    return do


def _second_by_owner(entries: list[Value]) -> None:
    excepted = {"choice": "except", "comment": "why", "owner": "Ben", "expiry": "2026-12-31"}
    entries[4]["after"] = entries[5]["before"] = excepted
    entries[5]["after"] = {**excepted, "second": "Ben"}


def _second_of_nothing(entries: list[Value]) -> None:
    entries[5]["before"] = entries[4]["before"]
    del entries[4]


LATER, BEFORE, LONG_BEFORE = (
    "2026-11-20T18:00:00.000+00:00",
    "2026-11-20T08:30:00.000+00:00",
    "2026-01-01T00:00:00.000+00:00",
)
ONE_SHA = "ab" * 32

STRANGER = [
    # The journal
    Forgery("last entry deleted", sql("DELETE FROM journal WHERE number = (SELECT max(number) FROM journal)")),
    Forgery("last three entries deleted", sql("DELETE FROM journal WHERE number > 9")),
    Forgery("first entry deleted", sql("DELETE FROM journal WHERE number = 1")),
    Forgery("middle entry deleted", sql("DELETE FROM journal WHERE number = 5")),
    Forgery("all entries deleted", sql("DELETE FROM journal")),
    Forgery("two entries swapped", sql(_swap("journal").replace("position", "number"))),
    Forgery(
        "entry repeated at the end",
        counted(
            "CREATE TEMP TABLE again AS SELECT * FROM journal WHERE number = 2; UPDATE again SET number = 14;"
            "INSERT INTO journal SELECT * FROM again",
            "journal",
            1,
        ),
    ),
    Forgery("decision changed", lambda f: f.raw(2, "after", lambda one: one.update(choice="keep"))),
    Forgery("decision before changed", lambda f: f.raw(12, "before", lambda one: one.update(choice="revoke"))),
    Forgery("reviewer changed", sql("UPDATE journal SET reviewer = 'Eve' WHERE number = 3")),
    Forgery("account changed", sql("UPDATE journal SET account = 'eve' WHERE number = 3")),
    Forgery("time changed", sql(f"UPDATE journal SET moment = '{LONG_BEFORE}' WHERE number = 3")),
    Forgery("reason changed", lambda f: f.raw(3, "after", lambda one: one.update(comment="fine"))),
    Forgery("end of an exception changed", lambda f: f.raw(4, "after", lambda one: one.update(expiry="2099-01-01"))),
    Forgery("ticket added", lambda f: f.raw(2, "after", lambda one: one.update(ticket="SEC-1"))),
    Forgery("second approval added", lambda f: f.raw(5, "after", lambda one: one.update(second="Ben"))),
    Forgery(
        "origin added",
        counted(
            'INSERT INTO origins VALUES (3, \'{"review_id": "r.1", "number": 1, "moment": "", "sha256": ""}\')',
            "origins",
            1,
        ),
    ),
    Forgery(
        "last entry deleted, count adapted",
        counted("DELETE FROM journal WHERE number = (SELECT max(number) FROM journal)", "journal"),
    ),
    Forgery(
        "last three entries deleted, count adapted", counted("DELETE FROM journal WHERE number > 10", "journal", -3)
    ),
    Forgery("all entries deleted, count adapted", counted("DELETE FROM journal", "journal", -13)),
    # Entitlements, findings, population
    Forgery("undecided entitlement deleted", sql("DELETE FROM lines WHERE position = 11")),
    Forgery("undecided entitlement deleted, count adapted", counted("DELETE FROM lines WHERE position = 11", "lines")),
    Forgery("decided entitlement deleted, count adapted", counted("DELETE FROM lines WHERE position = 1", "lines")),
    Forgery(
        "evidence of an entitlement changed",
        sql("UPDATE lines SET line = replace(line, 's3:GetObject', 's3:List*') WHERE position = 11"),
    ),
    Forgery("evidence changed, digest adapted", lambda f: f.item(11, lambda one: one["evidence"].update(effect={}))),
    Forgery(
        "effect of a decided entitlement changed",
        lambda f: f.item(1, lambda one: one["evidence"]["effect"].update(alone=0)),
    ),
    Forgery(
        "holder of an undecided entitlement changed", lambda f: f.item(11, lambda one: one.update(holder_arn="arn:0"))
    ),
    Forgery("entitlements swapped", sql(_swap("lines"))),
    Forgery(
        "entitlement added, count adapted",
        counted("INSERT INTO lines SELECT 50, 'x', sha256, line FROM lines WHERE position = 11", "lines", 1),
    ),
    Forgery("undecided finding deleted", sql("DELETE FROM findings WHERE position = 5")),
    Forgery("undecided finding deleted, count adapted", counted("DELETE FROM findings WHERE position = 5", "findings")),
    Forgery(
        "severity of an undecided finding changed, digest adapted",
        lambda f: f.finding(5, lambda one: one.update(severity="info")),
    ),
    Forgery("findings swapped", sql(_swap("findings"))),
    Forgery(
        "finding repeated, count adapted",
        counted(
            "INSERT INTO findings SELECT 50, finding_id, sha256, finding FROM findings WHERE position = 5",
            "findings",
            1,
        ),
    ),
    Forgery("principal deleted", counted("DELETE FROM population WHERE position = 3", "population")),
    Forgery("principal out of scope", sql("UPDATE population SET in_scope = 0 WHERE position = 3")),
    Forgery("reason why out of scope changed", sql("UPDATE population SET out_reason = 'left' WHERE position = 7")),
    Forgery("principals swapped", sql(_swap("population"))),
    # The head
    *(
        Forgery(f"{name} changed", sql(f"UPDATE head SET value = '{value}' WHERE name = '{name}'"))
        for name, value in (
            ("title", "Q4"),
            ("review_id", "r-9"),
            ("snapshot_sha256", "cd" * 32),
            ("snapshot_name", "b.json"),
            ("created", "2026-01-01T00:00:00+00:00"),
            ("previous_sha256", "cd" * 32),
            ("detail.period_end", "2027-01-01"),
            ("seal.items", "cd" * 32),
        )
    ),
    Forgery("detail removed", sql("DELETE FROM head WHERE name = 'detail.standards'")),
    Forgery("detail added", sql("INSERT INTO head VALUES ('detail.lost', 'nothing')")),
    Forgery("seal removed", sql("DELETE FROM head WHERE name = 'seal.frozen'")),
    Forgery("count removed", sql("DELETE FROM head WHERE name = 'count.journal'")),
    Forgery("all seals and counts removed", sql("DELETE FROM head WHERE name GLOB 'seal.*' OR name GLOB 'count.*'")),
    Forgery("seal added", sql("INSERT INTO head VALUES ('seal.approved', 'yes')")),
    # Packages and events
    Forgery("last package deleted", sql("DELETE FROM packs WHERE number = 2")),
    Forgery("package changed", sql(f"UPDATE packs SET manifest_sha256 = '{ONE_SHA}' WHERE number = 1")),
    Forgery(
        "package added",
        counted(
            "INSERT INTO packs (moment, name, manifest_sha256, journal_sha256, journal_entries, events_sha256) SELECT "
            f"moment, 'x', '{ONE_SHA}', journal_sha256, journal_entries, events_sha256 FROM packs WHERE number = 1",
            "packs",
            1,
        ),
    ),
    Forgery("last event deleted", sql("DELETE FROM events WHERE number = 3")),
    Forgery("last event deleted, count adapted", counted("DELETE FROM events WHERE number = 3", "events")),
    Forgery("all events deleted, count adapted", counted("DELETE FROM events", "events", -3)),
    Forgery("middle event deleted", sql("DELETE FROM events WHERE number = 2")),
    Forgery("event changed", sql("UPDATE events SET details = '{}' WHERE number = 2")),
    Forgery("actor of an event changed", sql("UPDATE events SET actor = 'Eve' WHERE number = 2")),
    # The database
    Forgery(
        "trigger that drops decisions", sql("CREATE TRIGGER t BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END")
    ),
    Forgery(
        "view in place of a table",
        sql("ALTER TABLE findings RENAME TO f; CREATE VIEW findings AS SELECT * FROM f WHERE position < 3"),
    ),
    Forgery("index removed", sql("DROP INDEX journal_of_line")),
    Forgery("no layout in the header", sql("PRAGMA user_version = 0")),
    Forgery("another layout in the header", sql("PRAGMA user_version = 2")),
    Forgery("other kind of file in the header", sql("PRAGMA application_id = 1")),
]
"""Edits that hash nothing anew but what lies beside them."""

PREPARER = [
    # Rules that a rewritten journal breaks
    Forgery("second approver is the first", journal(_second("Ana Moreno"))),
    Forgery("second approver is the first, written otherwise", journal(_second("  ana MORENO "))),
    Forgery("second approval in another name", change(5, reviewer="Zoe")),
    Forgery("second approval changes the decision", after(5, choice="revoke")),
    Forgery("second approval of nothing", journal(_second_of_nothing)),
    Forgery("second approval by the owner of the exception", journal(_second_by_owner)),
    Forgery("approved decision attributed to its approver", change(4, reviewer="Ben")),
    Forgery("decision on the reviewer's own access", change(0, identities=["arn:0"])),
    Forgery(
        "decision before is another one",
        change(11, before={"choice": "revoke", "comment": "", "owner": "", "expiry": None}),
    ),
    Forgery("a decision on a finding for an entitlement", after(1, choice="fix")),
    Forgery("a decision on an entitlement for a finding", after(8, choice="keep")),
    Forgery("exception without a reason", after(3, comment="")),
    Forgery("exception without an owner", after(3, owner="")),
    Forgery("exception without an end", after(3, expiry=None)),
    Forgery("decision without a reviewer", change(1, reviewer=" ")),
    Forgery("decision on something that is not reviewed", change(1, line_id="f" * 32)),
    Forgery("time before the one before", change(5, moment=BEFORE)),
    Forgery("time before the review was created", change(0, moment=LONG_BEFORE)),
    Forgery("time that is none", change(3, moment="yesterday")),
    Forgery("entries swapped", journal(lambda all_: all_.insert(4, all_.pop(5)))),
    Forgery("entry repeated", journal(lambda all_: all_.append(dict(all_[2], moment=all_[-1]["moment"])))),
    Forgery("middle entry deleted of an item that was decided again", journal(drop(2))),
    Forgery(
        "review created after its decisions",
        then(sql("UPDATE head SET value = '2026-11-25T00:00:00+00:00' WHERE name = 'created'")),
    ),
    Forgery("time of an event before the one before", events(lambda all_: all_[2].update(moment=LONG_BEFORE))),
    Forgery("entry deleted, packages left", lambda f: f.rewrite(drop(0), packs=False)),
    Forgery(
        "decision changed, packages left",
        lambda f: f.rewrite(lambda all_: all_[1]["after"].update(comment="x"), packs=False),
    ),
    Forgery("last entries deleted that a package holds", journal(drop(11, 12))),
    Forgery("last event deleted that a package holds", events(drop(2))),
    Forgery(
        "package of a journal that never was",
        then(sql(f"UPDATE packs SET journal_sha256 = '{ONE_SHA}' WHERE number = 2")),
    ),
    Forgery("packages swapped", then(sql(_swap("packs").replace("position", "number")))),
    Forgery(
        "package written before the review was created",
        then(sql("UPDATE packs SET moment = '2026-01-01T00:00:00+00:00' WHERE number = 1")),
    ),
    Forgery("merged decisions deleted, merge left", journal(drop(12))),
    Forgery("merged decision claimed as made here", journal(lambda all_: all_[12].pop("origin"))),
    Forgery(
        "decision claimed as merged",
        change(1, origin={"review_id": "r-1.9", "number": 1, "moment": LATER, "sha256": ONE_SHA}),
    ),
    Forgery(
        "finding repeated",
        then(sql("INSERT INTO findings SELECT 50, finding_id, sha256, finding FROM findings WHERE position = 5")),
    ),
    Forgery(
        "principal repeated",
        then(
            sql(
                "INSERT INTO population SELECT 50, arn, account_id, kind, in_scope, out_reason FROM population "
                "WHERE position = 5"
            )
        ),
    ),
    Forgery("digest of the snapshot is none", then(sql("UPDATE head SET value = 'x' WHERE name = 'snapshot_sha256'"))),
    # What no iamdesk writes
    Forgery("chain that begins at zero", _reset_chain),
    Forgery("file without seals", _without_seals),
    Forgery("journal without identities", _without("journal", "identities")),
    Forgery("packages without the number of entries", _without("packs", "journal_entries")),
    Forgery("packages without the last event", _without("packs", "events_sha256")),
    # Consistent rewrites, which nothing in the file can show
    Forgery("decision changed", after(1, choice="keep", comment="fine"), is_seen=False),
    Forgery("reviewer changed", change(1, reviewer="Eve", account="eve"), is_seen=False),
    Forgery("time changed, in order", change(1, moment="2026-11-20T09:00:00.500+00:00"), is_seen=False),
    Forgery("end of an exception changed", after(3, expiry="2099-01-01"), is_seen=False),
    Forgery(
        "reviewer's own identities erased",
        journal(lambda all_: [one.pop("identities", 0) for one in all_]),
        is_seen=False,
    ),
    Forgery("decision and its history deleted", journal(drop(1)), is_seen=False),
    Forgery("second approval deleted", journal(drop(5)), is_seen=False),
    Forgery("undecided entitlement deleted", then(sql("DELETE FROM lines WHERE position = 11")), is_seen=False),
    Forgery(
        "evidence of an entitlement changed",
        then(lambda f: f.item(1, lambda one: one["evidence"]["effect"].update(alone=0))),
        is_seen=False,
    ),
    Forgery("entitlements swapped", then(sql(_swap("lines"))), is_seen=False),
    Forgery("undecided finding deleted", then(sql("DELETE FROM findings WHERE position = 5")), is_seen=False),
    Forgery("severity changed", then(lambda f: f.finding(5, lambda one: one.update(severity="info"))), is_seen=False),
    Forgery("principal deleted", then(sql("DELETE FROM population WHERE position = 3")), is_seen=False),
    Forgery(
        "principal out of scope", then(sql("UPDATE population SET in_scope = 0 WHERE position = 3")), is_seen=False
    ),
    Forgery("title changed", then(sql("UPDATE head SET value = 'Q4' WHERE name = 'title'")), is_seen=False),
    Forgery(
        "digest of the snapshot changed",
        then(sql(f"UPDATE head SET value = '{ONE_SHA}' WHERE name = 'snapshot_sha256'")),
        is_seen=False,
    ),
    Forgery(
        "period changed",
        then(sql("UPDATE head SET value = '2027-01-01' WHERE name = 'detail.period_end'")),
        is_seen=False,
    ),
    Forgery("last package deleted", then(sql("DELETE FROM packs WHERE number = 2")), is_seen=False),
    Forgery(
        "last entries deleted with the package that holds them and their merge",
        lambda f: (f.sql("DELETE FROM packs WHERE number = 2"), f.rewrite(drop(12), drop(2))),
        is_seen=False,
    ),
    Forgery(
        "manifest of a package changed",
        then(sql(f"UPDATE packs SET manifest_sha256 = '{ONE_SHA}' WHERE number = 2")),
        is_seen=False,
    ),
    Forgery("event changed", events(lambda all_: all_[0]["details"].update(reason="x")), is_seen=False),
    Forgery("claimed as recovered", _claimed_as_recovered, is_seen=False),
]
"""Edits of somebody who hashes and seals everything anew."""
