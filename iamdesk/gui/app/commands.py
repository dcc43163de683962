"""All commands of the window in one table: name, menu, texts and shortcuts. Their handlers are connected elsewhere.

A panel implements commands by ``commands() -> Mapping[str, Callable[[], None]]``, with names from this table; the main
window adds its own. A command without a handler gets no action, so that only working entries are shown.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from PySide6.QtGui import QKeySequence

from iamdesk.i18n import mark, tr


class Menu(StrEnum):
    """The menus, in order."""

    FILE = mark("&File")
    EXPORT = mark("E&xport")
    """Within File (`SUBMENUS`)."""
    EDIT = mark("&Edit")
    VIEW = mark("&View")
    ASK = mark("&Ask")
    REVIEW = mark("&Review")
    REVIEWERS = mark("Man&y reviewers")
    """Within Review (`SUBMENUS`)."""
    TOOLS = mark("&Tools")
    HELP = mark("&Help")


SUBMENUS = {Menu.EXPORT: Menu.FILE, Menu.REVIEWERS: Menu.REVIEW}
"""By submenu, the menu that it is in."""


class Needs(Enum):
    """What a command needs to be enabled."""

    NOTHING = 0
    SNAPSHOT = 1
    RESULT = 2


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    """Object name of the action, which scripts and tests use; stable."""
    menu: Menu
    text: str
    """Menu text with a mnemonic. Ends in "…" if the command asks for more before it does anything."""
    tip: str
    """One sentence for status bar and command palette."""
    keys: tuple[str | QKeySequence.StandardKey, ...] = ()
    needs: Needs = Needs.NOTHING
    group: int = 0
    """Entries of a menu are separated by group."""
    radio: str = ""
    """Name of an exclusive group: exactly one of its entries is checked."""
    table_key: str = ""
    """Key of the command in the review table, where no text is typed."""
    is_alias: bool = False
    """Whether it is an older name of another command: scripts may trigger it, no menu shows it."""

    @property
    def menu_text(self) -> str:
        """The menu text in the language of the window."""
        return f"{tr(self.text)} ({self.table_key})" if self.table_key else tr(self.text)

    @property
    def tooltip(self) -> str:
        """The tip in the language of the window."""
        if not self.table_key:
            return tr(self.tip)
        return f"{tr(self.tip)} {tr('Key {key} in the review table.').format(key=self.table_key)}"


_Key = QKeySequence.StandardKey

COMMANDS: tuple[Command, ...] = (
    Command(
        "actionOpen",
        Menu.FILE,
        mark("&Open snapshot…"),
        mark("Open an authorization-details file or a zipped bundle."),
        (_Key.Open,),
    ),
    Command(
        "actionNewWindow",
        Menu.FILE,
        mark("New &window"),
        mark("Open another snapshot in a new window."),
        ("Ctrl+N",),
    ),
    Command(
        "actionOpenFolder",
        Menu.FILE,
        mark("Open &folder…"),
        mark("Open a folder of AWS CLI outputs: a bundle, or loose files."),
        ("Ctrl+Alt+O",),
    ),
    Command(
        "actionOpenSample",
        Menu.FILE,
        mark("Open the &sample"),
        mark("Open the sample account that is included in iamdesk."),
    ),
    Command(
        "actionOpenSampleOrganization",
        Menu.FILE,
        mark("Open the sample or&ganization"),
        mark("Open the sample organization that is included in iamdesk: several accounts, with SCPs and RCPs."),
    ),
    Command(
        "actionCollect",
        Menu.FILE,
        mark("Collec&t from AWS…"),
        mark("Capture an account or an organization with read-only calls, and open it."),
        ("Ctrl+Shift+S",),
    ),
    Command(
        "actionNewReview",
        Menu.FILE,
        mark("&New review…"),
        mark("Record every principal and entitlement of the snapshot, to decide on each."),
        ("Ctrl+Shift+N",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNextReview",
        Menu.FILE,
        mark("Follow-&up review…"),
        mark("Carry decisions over from the previous review; only changed entitlements need a decision."),
        ("Ctrl+U",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionOpenReview",
        Menu.FILE,
        mark("Open re&view…"),
        mark("Open a review of this snapshot."),
        ("Ctrl+Shift+O",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionRecoverReview",
        Menu.FILE,
        mark("Recover a &damaged review…"),
        mark("Copy the intact part of a damaged review to a new file."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionReload",
        Menu.FILE,
        mark("Re&load"),
        mark("Read the open snapshot again."),
        (_Key.Refresh,),
        Needs.SNAPSHOT,
    ),
    *(
        Command(f"actionExport{name}", Menu.EXPORT, text, tip, keys, needs, group)
        for group, name, text, tip, keys, needs in (
            (
                0,
                "",
                mark("&What is shown…"),
                mark("Save what the active panel shows: findings, permissions, a diagram, evidence."),
                ("Ctrl+E",),
                Needs.SNAPSHOT,
            ),
            (
                1,
                "Findings",
                mark("&Findings…"),
                mark("Save all findings as a file: HTML, PDF, a table, or for another program."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                1,
                "Management",
                mark("&Management report…"),
                mark("Save one page for management: conclusion, numbers, risks, trend, decisions needed."),
                ("Ctrl+M",),
                Needs.SNAPSHOT,
            ),
            (
                1,
                "Overview",
                mark("&Overview, or print it…"),
                mark("Save the overview as a PDF, or print it."),
                (_Key.Print,),
                Needs.SNAPSHOT,
            ),
            (
                2,
                "Principals",
                mark("All pri&ncipals…"),
                mark("Save the table of all principals, as it is filtered, as a CSV table."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                2,
                "Access",
                mark("&Effective permissions…"),
                mark("Save every action that the selected principal can perform as a file."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                2,
                "AccessMap",
                mark("Access &heat map…"),
                mark("Save the counts of actions by service and access level as a file."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                3,
                "Result",
                mark("&Result…"),
                mark("Save the result of the request as text or JSON."),
                (),
                Needs.RESULT,
            ),
            (
                3,
                "Layers",
                mark("Evaluation &diagram…"),
                mark("Save the diagram of the policy evaluation as SVG or PNG."),
                (),
                Needs.RESULT,
            ),
            (
                3,
                "WhoCan",
                mark("Who &can…"),
                mark("Save all principals that can perform the action as a file."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                3,
                "Asked",
                mark("Query histor&y…"),
                mark("Save the requests evaluated in this window, with their decisions."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                4,
                "Ways",
                mark("Attac&k-path diagram…"),
                mark("Save the attack-path diagram as SVG or PNG."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                4,
                "Everybody",
                mark("Acce&ss matrix…"),
                mark("Save the counts of actions by principal, service and access level as a file."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                5,
                "Comparison",
                mark("Com&parison…"),
                mark("Save the comparison with another snapshot as text or JSON."),
                (),
                Needs.SNAPSHOT,
            ),
            (
                5,
                "WhatIf",
                mark("CLI commands of what-&if…"),
                mark("Save the AWS CLI commands of the changes that were tried."),
                (),
                Needs.SNAPSHOT,
            ),
        )
    ),
    Command(
        "actionCloseSnapshot",
        Menu.FILE,
        mark("&Close snapshot"),
        mark("Close the snapshot and go to the start page."),
        ("Ctrl+W",),
        Needs.SNAPSHOT,
        2,
    ),
    Command("actionQuit", Menu.FILE, mark("&Quit"), mark("Quit iamdesk."), (_Key.Quit,), group=2),
    Command("actionUndo", Menu.EDIT, mark("&Undo"), mark("Undo the last decision."), (_Key.Undo,), Needs.SNAPSHOT),
    Command(
        "actionRedo",
        Menu.EDIT,
        mark("&Redo"),
        mark("Redo the undone decision."),
        ("Ctrl+Y", "Ctrl+Shift+Z"),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionPaste",
        Menu.EDIT,
        mark("Paste a &denial or a snapshot"),
        mark("Explain the access-denied message in the clipboard, or open the snapshot file that was copied."),
        (_Key.Paste,),
    ),
    Command(
        "actionSearch",
        Menu.EDIT,
        mark("Search every&where…"),
        mark("Search users, groups, roles, policies, resources, findings, actions, checks, commands and the guide."),
        ("Ctrl+K",),
    ),
    Command(
        "actionFind",
        Menu.EDIT,
        mark("&Filter"),
        mark("Focus the filter of the panel in front; beside the page of an item, that of the navigator."),
        (_Key.Find,),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionNote",
        Menu.EDIT,
        mark("&Note…"),
        mark("Write a note or set a mark on the selected item, rows or findings."),
        ("Ctrl+Alt+N",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNotesFrom",
        Menu.EDIT,
        mark("&Import notes…"),
        mark("Import the notes on another snapshot of this account from a file."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionFindInPolicy",
        Menu.EDIT,
        mark("Find in &policy text"),
        mark("Search in the displayed policy."),
        ("Ctrl+Shift+F",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionFoldStatement",
        Menu.EDIT,
        mark("Fo&ld statement"),
        mark("Fold or unfold the statement at the cursor."),
        ("Ctrl+.",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionFoldAll",
        Menu.EDIT,
        mark("Fold all stat&ements"),
        mark("Fold or unfold all statements of the policy."),
        ("Ctrl+Shift+.", "Ctrl+>"),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionInWords",
        Menu.EDIT,
        mark("E&xplain statements"),
        mark("Show or hide a plain-language explanation of each statement."),
        ("Ctrl+Shift+R",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCopyArn",
        Menu.EDIT,
        mark("Copy &ARN"),
        mark("Copy the ARN of the selected item."),
        ("Ctrl+Shift+C",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCopyAnswer",
        Menu.EDIT,
        mark("Copy resul&t"),
        mark("Copy the result as text, with its statements."),
        ("Ctrl+Shift+A",),
        Needs.RESULT,
        1,
    ),
    Command(
        "actionCopyCommand",
        Menu.EDIT,
        mark("Copy as CLI co&mmand"),
        mark(
            "Copy the iamdesk command for the result, or for who can or effective permissions if the cursor is there."
        ),
        ("Ctrl+Shift+K",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionSettings",
        Menu.EDIT,
        mark("&Settings…"),
        mark("Change colors, text size, the reviewer's name, and what is kept between starts."),
        (_Key.Preferences, "Ctrl+,"),
        group=2,
    ),
    Command(
        "actionBack", Menu.VIEW, mark("&Back"), mark("Go back to the previous selection or request."), ("Alt+Left",)
    ),
    Command(
        "actionForward",
        Menu.VIEW,
        mark("&Forward"),
        mark("Go forward to the next selection or request."),
        ("Alt+Right",),
    ),
    Command(
        "actionOverview",
        Menu.VIEW,
        mark("Snapshot &overview"),
        mark("Show the inventory and key risks of the snapshot."),
        ("Alt+Home",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCaptured",
        Menu.VIEW,
        mark("Snapshot covera&ge"),
        mark("Show which data was captured and how to capture the rest."),
        ("Ctrl+Shift+H",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNextStatement",
        Menu.VIEW,
        mark("&Next statement"),
        mark("Go to the next marked statement of the policy."),
        ("F3",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionPreviousStatement",
        Menu.VIEW,
        mark("Pre&vious statement"),
        mark("Go to the previous marked statement of the policy."),
        ("Shift+F3",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionJobs",
        Menu.VIEW,
        mark("&Jobs"),
        mark("Show all running and waiting jobs, each with its progress and Cancel, or close the list."),
        ("Ctrl+J",),
        group=2,
    ),
    Command("actionNextPanel", Menu.VIEW, mark("Next pane&l"), mark("Focus the next panel."), ("F6",), group=2),
    Command(
        "actionPreviousPanel",
        Menu.VIEW,
        mark("Previous p&anel"),
        mark("Focus the previous panel."),
        ("Shift+F6",),
        group=2,
    ),
    Command(
        "actionZoomIn",
        Menu.VIEW,
        mark("Larger policy &text"),
        mark("Make the policy text larger."),
        (_Key.ZoomIn, "Ctrl+="),
        group=3,
    ),
    Command(
        "actionZoomOut",
        Menu.VIEW,
        mark("&Smaller policy text"),
        mark("Make the policy text smaller."),
        (_Key.ZoomOut,),
        group=3,
    ),
    Command(
        "actionZoomReset",
        Menu.VIEW,
        mark("Reset policy text si&ze"),
        mark("Show the policy text at its default size."),
        ("Ctrl+0",),
        group=3,
    ),
    Command(
        "actionRowsCompact",
        Menu.TOOLS,
        mark("C&ompact rows"),
        mark("Show more rows of tables at once, or space them out again."),
        group=9,
    ),
    *(
        Command(f"perspective{name}", Menu.VIEW, text, tip, (f"Ctrl+{at}",), Needs.SNAPSHOT, 4, radio="perspective")
        for at, (name, text, tip) in enumerate(
            (
                ("Explore", mark("E&xplore"), mark("Browse principals, policies and resources.")),
                ("Ask", mark("As&k"), mark("Evaluate requests, and list who can do what.")),
                ("Findings", mark("F&indings"), mark("Show what the checks found.")),
                ("Review", mark("&Review"), mark("Decide on the entitlements and findings of a review.")),
                ("Paths", mark("Attack pat&hs"), mark("Show privilege-escalation paths to administrator.")),
                (
                    "Matrix",
                    mark("Access &matrix"),
                    mark("Show the effective permissions of all principals by service."),
                ),
                (
                    "Compare",
                    mark("Compare and what-if"),
                    mark("Compare with another snapshot, or try changes on a copy."),
                ),
            ),
            start=1,
        )
    ),
    Command(
        "actionShowWhoCan",
        Menu.VIEW,
        mark("&Who can"),
        mark("Show who can do what."),
        ("Ctrl+Shift+J",),
        Needs.SNAPSHOT,
        4,
    ),
    Command(
        "actionShowAsked",
        Menu.VIEW,
        mark("&Query history"),
        mark("Show the requests evaluated in this window."),
        ("Ctrl+Shift+Y",),
        Needs.SNAPSHOT,
        4,
    ),
    Command(
        "actionTearOff",
        Menu.VIEW,
        mark("Tear off panel or p&ut it back"),
        mark("Open the active panel in its own window, for a second screen, or put it back."),
        ("Ctrl+Shift+T",),
        Needs.SNAPSHOT,
        6,
    ),
    *(
        Command(name, Menu.VIEW, text, tip, (), Needs.SNAPSHOT, 4, is_alias=True)
        for name, text, tip in (
            ("actionShowFindings", mark("F&indings"), mark("Show the findings.")),
            ("actionShowWays", mark("Attack pat&hs"), mark("Show privilege-escalation paths to administrator.")),
            ("actionShowReview", mark("&Review"), mark("Show the review.")),
            (
                "actionShowEverybody",
                mark("Access &matrix"),
                mark("Show the effective permissions of all principals by service."),
            ),
        )
    ),
    Command(
        "actionSchemeSystem",
        Menu.VIEW,
        mark("Use s&ystem colors"),
        mark("Use the colors of the desktop."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionSchemeLight",
        Menu.VIEW,
        mark("Light &colors"),
        mark("Dark text on a light background."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionSchemeDark",
        Menu.VIEW,
        mark("&Dark colors"),
        mark("Light text on a dark background."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionSchemeContrast",
        Menu.VIEW,
        mark("High-contrast palett&e"),
        mark("White on black, with borders around all controls."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionQuestion",
        Menu.ASK,
        mark("Go to &request bar"),
        mark("Focus the request bar."),
        ("Ctrl+L",),
        Needs.SNAPSHOT,
    ),
    Command("actionAsk", Menu.ASK, mark("&Ask"), mark("Evaluate the request."), ("Ctrl+Return",), Needs.SNAPSHOT),
    Command(
        "actionAskAboutSubject",
        Menu.ASK,
        mark("Use &selected principal in request"),
        mark("Enter the selected principal in the request bar."),
        ("Ctrl+Shift+L",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionWhoElse",
        Menu.ASK,
        mark("Who can &do this?"),
        mark("List all principals that can perform this action on this resource."),
        ("Ctrl+Shift+Return",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWhatCan",
        Menu.ASK,
        mark("&Effective permissions of selected principal"),
        mark("Show the effective permissions of the selected principal or group, by service and access level."),
        ("Ctrl+Shift+W",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWaysOfSelected",
        Menu.ASK,
        mark("Attack &paths of selected principal"),
        mark("Show attack paths from the selected principal to administrator."),
        ("Ctrl+Shift+B",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWhyDenied",
        Menu.ASK,
        mark("&Why was this denied?…"),
        mark("Explain an access-denied message."),
        ("Ctrl+Shift+D",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionDrawLayers",
        Menu.ASK,
        mark("Evaluation dia&gram"),
        mark("Show or hide the diagram of the policy evaluation."),
        ("Ctrl+Shift+G",),
        Needs.SNAPSHOT,
        2,
    ),
    Command(
        "actionPin",
        Menu.ASK,
        mark("Pi&n or unpin result"),
        mark("Pin the result, and compare others with it side by side: what differs is marked."),
        ("Ctrl+Shift+U",),
        Needs.RESULT,
        2,
    ),
    Command(
        "actionForgetAnswer",
        Menu.ASK,
        mark("C&lear result"),
        mark("Clear the request and its result."),
        (),
        Needs.RESULT,
        2,
    ),
    *(
        Command(
            f"actionReview{name}",
            Menu.REVIEW,
            text,
            tip,
            (),
            Needs.SNAPSHOT,
            table_key=key,
        )
        for name, text, key, tip in (
            (
                "Keep",
                mark("&Keep, accept risk"),
                "1",
                mark("Keep the selected entitlements, or accept the risk of the selected findings until a date."),
            ),
            (
                "Revoke",
                mark("&Revoke, fix"),
                "2",
                mark("Revoke the selected entitlements, or mark the selected findings to be fixed."),
            ),
            (
                "Modify",
                mark("&Modify, false positive"),
                "3",
                mark("Mark the selected entitlements to be modified, or the selected findings as false positives."),
            ),
            (
                "Except",
                mark("&Exception…"),
                "4",
                mark("Keep the selected entitlements until a date, with reason and owner."),
            ),
            ("Undecided", mark("&Undecided"), "0", mark("Clear the decision on the selected rows.")),
            (
                "Second",
                mark("&Second approval"),
                "5",
                mark("Confirm another reviewer's decision."),
            ),
            (
                "Suggestion",
                mark("&Take suggestion"),
                "6",
                mark("Decide on each selected entitlement as suggested."),
            ),
            ("Ticket", mark("Ticket num&ber…"), "7", mark("Enter the number of the ticket of the selected rows.")),
            (
                "Next",
                mark("Go to &next undecided"),
                "8",
                mark("Go to the next undecided row."),
            ),
        )
    ),
    Command(
        "actionFillReview",
        Menu.REVIEW,
        mark("&Import decisions…"),
        mark("Import decisions from a filled workbook or CSV file; rows with other edits are refused."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportEvidence",
        Menu.REVIEW,
        mark("E&xport evidence package…"),
        mark("Export the evidence of the review: statement, tables, decisions, hashes."),
        ("Ctrl+Shift+E",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionSignPack",
        Menu.REVIEW,
        mark("Si&gn evidence package…"),
        mark("Sign an evidence package with an SSH key, or attest by name."),
        (),
        Needs.NOTHING,
        1,
    ),
    Command(
        "actionVerifyPack",
        Menu.REVIEW,
        mark("&Verify evidence package…"),
        mark("Check every hash, signature, total and decision of an evidence package."),
        (),
        Needs.NOTHING,
        1,
    ),
    *(
        Command(name, Menu.REVIEWERS, text, tip, (), Needs.SNAPSHOT, group)
        for name, text, group, tip in (
            (
                "actionAssignReview",
                mark("&Assign…"),
                0,
                mark("Assign a reviewer to each item of the review, by a rules file."),
            ),
            (
                "actionReassignItems",
                mark("&Reassign…"),
                0,
                mark("Give the selected rows to another reviewer, whatever the rules say."),
            ),
            (
                "actionSplitReview",
                mark("Sp&lit…"),
                0,
                mark("Write a file for each reviewer, with their items."),
            ),
            ("actionMergeParts", mark("Merge &parts…"), 0, mark("Merge the decisions of parts into the review.")),
            (
                "actionConflicts",
                mark("C&onflicts…"),
                0,
                mark("Choose between the decisions of the review and of a part."),
            ),
            (
                "actionPartsProgress",
                mark("Progress o&f parts…"),
                0,
                mark("Show the progress of each reviewer, and write reminders."),
            ),
            (
                "actionSignPart",
                mark("Si&gn part…"),
                1,
                mark("Sign every decision in this part, before it is handed in."),
            ),
            ("actionDelegatePart", mark("&Delegate…"), 1, mark("Let another person decide in this part.")),
            ("actionHandBackPart", mark("Hand &back…"), 1, mark("Hand back a part that was delegated to you.")),
            (
                "actionReturnItems",
                mark("Hand back &items…"),
                1,
                mark("Hand the selected undecided rows of this part back to the coordinator."),
            ),
        )
    ),
    *(
        Command(name, Menu.REVIEW, text, tip, (), Needs.SNAPSHOT, group)
        for name, text, group, tip in (
            (
                "actionDescribeReview",
                mark("Review inf&ormation…"),
                1,
                mark("State who captured the snapshot and how, by when the review is due, and who the reviewers are."),
            ),
            (
                "actionCheckpoints",
                mark("Check&points…"),
                1,
                mark("Sign checkpoints of the review, and check whether it still contains what was signed."),
            ),
            (
                "actionCloseOut",
                mark("Close out from t&he log…"),
                2,
                mark("Record what remediation.sh removed, from its log."),
            ),
            (
                "actionTickets",
                mark("Import ticket st&ates…"),
                2,
                mark("Record the states of tickets, from a table of your ticket system."),
            ),
            (
                "actionRetests",
                mark("Resu&lts of earlier revocations…"),
                2,
                mark("Show which revocations of earlier reviews are gone, still there, or came back."),
            ),
            ("actionCloseReview", mark("&Close review"), 3, mark("Close the review. Every decision is saved.")),
        )
    ),
    Command(
        "actionRunFindings",
        Menu.TOOLS,
        mark("&Run checks"),
        mark("Run every built-in check on the snapshot."),
        (),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionPrincipals",
        Menu.TOOLS,
        mark("&All principals"),
        mark("List every root user, user and role in a table: last use, MFA, administrators, findings, entitlements."),
        ("Ctrl+I",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionExternalAccess",
        Menu.TOOLS,
        mark("E&xternal access"),
        mark(
            "Show who from outside can use which role or resource, under which condition, and what they can do there."
        ),
        ("Ctrl+Shift+X",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionCompare",
        Menu.TOOLS,
        mark("Com&pare with another snapshot…"),
        mark("Compare the effective access of another snapshot and the open one."),
        ("Ctrl+D",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionWhatIf",
        Menu.TOOLS,
        mark("&What if…"),
        mark("Try policy changes on a copy, see their effect on all principals, and export the commands."),
        ("Ctrl+Shift+I",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionTryWithout",
        Menu.TOOLS,
        mark("&Try without the selected item"),
        mark("Show on a copy who is affected if the selected policy, user, group or role is removed."),
        ("Ctrl+T",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionHelp", Menu.HELP, mark("&User guide"), mark("Show help for the focused panel."), (_Key.HelpContents,)
    ),
    Command(
        "actionPalette", Menu.HELP, mark("&All commands…"), mark("List every command, with search."), ("Ctrl+Shift+P",)
    ),
    Command(
        "actionHowToCapture",
        Menu.HELP,
        mark("How do I get a &snapshot?"),
        mark("Show the AWS CLI command that captures an account."),
        group=1,
    ),
    Command("actionAbout", Menu.HELP, mark("A&bout iamdesk"), mark("Version and license."), group=1),
)
"""The table. Keys that only one widget handles (Return in a table, Esc in a filter) are not in it."""

OF_DECISIONS = frozenset({"actionUndo", "actionRedo"})
"""Commands that work where decisions are shown: elsewhere one would change unseen."""
QUIET = (
    OF_DECISIONS
    | {"actionCopyArn", "actionCopyAnswer", "actionSignPack", "actionVerifyPack"}
    | {command.name for command in COMMANDS if command.name.startswith("actionExport")}
)
"""Commands that bring no panel forward: also those that copy or write a file, and change nothing that is shown."""
