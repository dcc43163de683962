"""Every command of the window in one table: its name, menu, words and keys. Who implements it is wired elsewhere.

A panel implements commands by ``commands() -> Mapping[str, Callable[[], None]]`` (names from this table); the main
window adds its own. An entry that nobody implements gets no action at all: only entries that work are seen.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from PySide6.QtGui import QKeySequence

from iamdesk.i18n import mark, tr


class Menu(StrEnum):
    """The menus, in order."""

    FILE = mark("&File")
    EDIT = mark("&Edit")
    VIEW = mark("&View")
    ASK = mark("&Ask")
    REVIEW = mark("&Review")
    TOOLS = mark("&Tools")
    HELP = mark("&Help")


class Needs(Enum):
    """What must be there for a command to be enabled."""

    NOTHING = 0
    SNAPSHOT = 1
    ANSWER = 2


@dataclass(frozen=True, slots=True)
class Command:
    """One entry."""

    name: str
    """Object name of the action; scripts and tests hold on to it (CONTRACT 6)."""
    menu: Menu
    text: str
    """As in the menu, with a mnemonic. Ends in "…" when it asks for more before it does anything."""
    tip: str
    """One sentence for status bar and palette."""
    keys: tuple[str | QKeySequence.StandardKey, ...] = ()
    needs: Needs = Needs.NOTHING
    group: int = 0
    """Entries of one menu stand in groups, with a line between them."""
    radio: str = ""
    """Name of the choice to which it belongs: of these entries exactly one is checked."""
    table_key: str = ""
    """Key that does it in the review table, where no text is typed."""

    @property
    def menu_text(self) -> str:
        """As the menu shows it, in the language of the window."""
        return f"{tr(self.text)} ({self.table_key})" if self.table_key else tr(self.text)

    @property
    def told(self) -> str:
        """What it does, in the language of the window."""
        if not self.table_key:
            return tr(self.tip)
        return f"{tr(self.tip)} {tr('Key {key} in the review table.').format(key=self.table_key)}"


_Key = QKeySequence.StandardKey

COMMANDS: tuple[Command, ...] = (
    Command(
        "actionOpen", Menu.FILE, mark("&Open snapshot…"), mark("Open a file of authorization details."), (_Key.Open,)
    ),
    Command(
        "actionNewWindow",
        Menu.FILE,
        mark("&Another window"),
        mark("Open a window beside this one, for another snapshot."),
        ("Ctrl+N",),
    ),
    Command(
        "actionOpenFolder",
        Menu.FILE,
        mark("Open &folder…"),
        mark("Open a folder of outputs of the AWS CLI: a bundle, or loose files."),
        ("Ctrl+K",),
    ),
    Command(
        "actionOpenSample",
        Menu.FILE,
        mark("Open the &sample"),
        mark("Open the sample account that ships with iamdesk."),
    ),
    Command(
        "actionCollect",
        Menu.FILE,
        mark("Collec&t from AWS…"),
        mark("Capture an account or an organization with read-only calls, and open it."),
    ),
    Command(
        "actionNewReview",
        Menu.FILE,
        mark("&New review…"),
        mark("Freeze who is in the snapshot and every entitlement, to decide on each."),
        ("Ctrl+Shift+N",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNextReview",
        Menu.FILE,
        mark("Ne&xt review…"),
        mark("Go on from the review before: only what changed in effect is asked."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionOpenReview",
        Menu.FILE,
        mark("Open re&view…"),
        mark("Go on with a review of the open snapshot."),
        ("Ctrl+Shift+O",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionRecoverReview",
        Menu.FILE,
        mark("Recover a &damaged review…"),
        mark("Write what is intact in a damaged review to a new file."),
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
    Command(
        "actionExportAsked",
        Menu.FILE,
        mark("Export questions as&ked…"),
        mark("Save what was asked in this window, with the answers."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExport",
        Menu.FILE,
        mark("&Export findings…"),
        mark("Save the findings as a file."),
        ("Ctrl+E",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportWhoCan",
        Menu.FILE,
        mark("Export &who can…"),
        mark("Save everybody who can do what was asked as a file."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportWays",
        Menu.FILE,
        mark("Export the pict&ure of ways…"),
        mark("Save the picture of ways as SVG or PNG."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportAccess",
        Menu.FILE,
        mark("Export effect&ive permissions…"),
        mark("Save every action that the selected principal can do as a file."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportAccessMap",
        Menu.FILE,
        mark("Export the access &map…"),
        mark("Save the counts of actions by service and access level as a file."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportOverview",
        Menu.FILE,
        mark("Save or print t&he overview…"),
        mark("Save the overview as PDF for paper, or as a picture."),
        (QKeySequence.StandardKey.Print,),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportAccessPicture",
        Menu.FILE,
        mark("Export access map as &picture…"),
        mark("Save the heat map as SVG or PNG, as it is seen."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportEverybody",
        Menu.FILE,
        mark("Export what every&body can do…"),
        mark("Save the counts of actions by principal, service and access level as a file."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportEverybodyPicture",
        Menu.FILE,
        mark("Export ever&ybody's map as picture…"),
        mark("Save the heat map of everybody as SVG or PNG, as it is seen."),
        (),
        Needs.SNAPSHOT,
        1,
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
    Command("actionQuit", Menu.FILE, mark("&Quit"), mark("End iamdesk."), (_Key.Quit,), group=2),
    Command("actionUndo", Menu.EDIT, mark("&Undo"), mark("Take the last decision back."), (_Key.Undo,), Needs.SNAPSHOT),
    Command(
        "actionRedo",
        Menu.EDIT,
        mark("&Redo"),
        mark("Decide again what was taken back."),
        ("Ctrl+Y", "Ctrl+Shift+Z"),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionFind",
        Menu.EDIT,
        mark("&Filter the navigator"),
        mark("Go to the filter of the navigator."),
        (_Key.Find,),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionFindInPolicy",
        Menu.EDIT,
        mark("Find in the &policy text"),
        mark("Search in the policy that is shown."),
        ("Ctrl+Shift+F",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionFoldStatement",
        Menu.EDIT,
        mark("Fo&ld statement"),
        mark("Fold the statement at the caret to one line, or show it again."),
        ("Ctrl+.",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionFoldAll",
        Menu.EDIT,
        mark("Fold e&very statement"),
        mark("Fold every statement of the policy to one line, or show all of them."),
        ("Ctrl+Shift+.", "Ctrl+>"),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionInWords",
        Menu.EDIT,
        mark("Statements in plain w&ords"),
        mark("Tell each statement of the policy in plain words beside its text, or not."),
        ("Ctrl+Shift+R",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCopyArn",
        Menu.EDIT,
        mark("Copy &ARN"),
        mark("Copy the ARN of what is selected."),
        ("Ctrl+Shift+C",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCopyAnswer",
        Menu.EDIT,
        mark("Copy the ans&wer"),
        mark("Copy the answer as text, with its statements."),
        ("Ctrl+Shift+A",),
        Needs.ANSWER,
        1,
    ),
    Command(
        "actionCopyCommand",
        Menu.EDIT,
        mark("Copy as a co&mmand"),
        mark(
            "Copy the command that gives the same in a terminal: the answer, or who can and what can where the "
            "cursor is."
        ),
        ("Ctrl+Shift+K",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionSettings",
        Menu.EDIT,
        mark("&Settings…"),
        mark("Colours, text size, the reviewer, and what is kept between starts."),
        (_Key.Preferences, "Ctrl+,"),
        group=2,
    ),
    Command(
        "actionBack", Menu.VIEW, mark("&Back"), mark("Go back to the selection or question before."), ("Alt+Left",)
    ),
    Command("actionForward", Menu.VIEW, mark("&Forward"), mark("Go forward again."), ("Alt+Right",)),
    Command(
        "actionOverview",
        Menu.VIEW,
        mark("Snapshot &overview"),
        mark("Show what the snapshot holds, as a whole."),
        ("Alt+Home",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCaptured",
        Menu.VIEW,
        mark("What this snapshot &holds"),
        mark("Show every kind of data as captured, in part or not, and how to capture it."),
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
        mark("Go to the marked statement before."),
        ("Shift+F3",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNextPanel", Menu.VIEW, mark("Next pane&l"), mark("Put the cursor into the next panel."), ("F6",), group=2
    ),
    Command(
        "actionPreviousPanel",
        Menu.VIEW,
        mark("Previous p&anel"),
        mark("Put the cursor into the panel before."),
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
        mark("Policy text at &usual size"),
        mark("Show the policy text at its usual size."),
        ("Ctrl+0",),
        group=3,
    ),
    Command(
        "actionShowFindings", Menu.VIEW, mark("F&indings"), mark("Show the findings."), ("Ctrl+1",), Needs.SNAPSHOT, 4
    ),
    Command(
        "actionShowWhoCan", Menu.VIEW, mark("&Who can"), mark("Show who can do what."), ("Ctrl+2",), Needs.SNAPSHOT, 4
    ),
    Command(
        "actionShowWays",
        Menu.VIEW,
        mark("Wa&ys"),
        mark("Show who gets to administration, and how."),
        ("Ctrl+3",),
        Needs.SNAPSHOT,
        4,
    ),
    Command("actionShowReview", Menu.VIEW, mark("&Review"), mark("Show the review."), ("Ctrl+4",), Needs.SNAPSHOT, 4),
    Command(
        "actionShowAsked",
        Menu.VIEW,
        mark("&Questions asked"),
        mark("Show what was asked in this window."),
        ("Ctrl+5",),
        Needs.SNAPSHOT,
        4,
    ),
    Command(
        "actionShowEverybody",
        Menu.VIEW,
        mark("Everybody's &map"),
        mark("Show what everybody can do, by principal and service."),
        ("Ctrl+6",),
        Needs.SNAPSHOT,
        4,
    ),
    Command(
        "actionSchemeSystem",
        Menu.VIEW,
        mark("Colours as the &desktop"),
        mark("Follow the desktop."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionSchemeLight",
        Menu.VIEW,
        mark("Light &colours"),
        mark("Dark text on light ground."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionSchemeDark",
        Menu.VIEW,
        mark("Dar&k colours"),
        mark("Light text on dark ground."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionSchemeContrast",
        Menu.VIEW,
        mark("High-contrast palett&e"),
        mark("The strongest colours, with lines around everything."),
        group=5,
        radio="scheme",
    ),
    Command(
        "actionQuestion",
        Menu.ASK,
        mark("Go to the &question"),
        mark("Put the cursor into the question."),
        ("Ctrl+L",),
        Needs.SNAPSHOT,
    ),
    Command("actionAsk", Menu.ASK, mark("&Ask"), mark("Answer the question."), ("Ctrl+Return",), Needs.SNAPSHOT),
    Command(
        "actionAskAboutSubject",
        Menu.ASK,
        mark("Ask about the &selected principal"),
        mark("Take the selected principal into the question."),
        ("Ctrl+Shift+L",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionWhoElse",
        Menu.ASK,
        mark("Who &else can?"),
        mark("Ask who can do the question's action on its resource."),
        ("Ctrl+Shift+Return",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWhatCan",
        Menu.ASK,
        mark("Wha&t can the selected principal do?"),
        mark("Show what the selected principal or group can do, by service and access level."),
        ("Ctrl+Shift+W",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCompareAccess",
        Menu.ASK,
        mark("&Compare what two principals can do…"),
        mark("Put another principal beside the one whose access is shown."),
        ("Ctrl+Shift+M",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCompareAccessEarlier",
        Menu.ASK,
        mark("Compare with an ea&rlier snapshot or review…"),
        mark("Put what the shown principal could do before beside what it can do now."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWaysOfSelected",
        Menu.ASK,
        mark("What can the selected principal &become?"),
        mark("Show the ways of the selected principal to administration."),
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
        mark("Layers as a &picture"),
        mark("Draw the layers of the answer as gates in a row, or not."),
        ("Ctrl+Shift+G",),
        Needs.SNAPSHOT,
        2,
    ),
    Command(
        "actionExportLayers",
        Menu.ASK,
        mark("Export the &layers as a picture…"),
        mark("Save the layers of the answer as SVG or PNG."),
        (),
        Needs.ANSWER,
        2,
    ),
    Command(
        "actionForgetAnswer",
        Menu.ASK,
        mark("&Forget the answer"),
        mark("Clear question and answer."),
        (),
        Needs.ANSWER,
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
                mark("&Keep, or accept a risk"),
                "1",
                mark("The selected lines are right; risks are accepted for a time."),
            ),
            (
                "Revoke",
                mark("&Revoke, or fix a finding"),
                "2",
                mark("The selected lines are to go, findings to be fixed."),
            ),
            (
                "Modify",
                mark("&Modify, or false positive"),
                "3",
                mark("The selected lines are to change; findings are none."),
            ),
            ("Except", mark("&Except…"), "4", mark("The selected rows stay for a time, with reason and owner.")),
            ("Undecided", mark("&Undecided"), "0", mark("Nothing is decided on the selected rows.")),
            (
                "Second",
                mark("&Stand for it as second reviewer"),
                "5",
                mark("You stand for what somebody else decided."),
            ),
            (
                "Next",
                mark("Go to the &next to decide"),
                "N",
                mark("Go to the next row that waits for a decision."),
            ),
        )
    ),
    Command(
        "actionFillReview",
        Menu.REVIEW,
        mark("&Take a filled sheet…"),
        mark("Take the decisions of a filled workbook or CSV; rows that were edited elsewhere are refused."),
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportEvidence",
        Menu.REVIEW,
        mark("E&xport the evidence…"),
        mark("Write the evidence of the review: statement, tables, verdicts, hashes."),
        ("Ctrl+Shift+E",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionSignPack",
        Menu.REVIEW,
        mark("Si&gn an evidence pack…"),
        mark("Stand for a pack, with an SSH key or by name alone."),
        (),
        Needs.NOTHING,
        1,
    ),
    Command(
        "actionVerifyPack",
        Menu.REVIEW,
        mark("&Verify an evidence pack…"),
        mark("Check every hash, signature, total and verdict of a pack."),
        (),
        Needs.NOTHING,
        1,
    ),
    Command(
        "actionCloseReview",
        Menu.REVIEW,
        mark("&Close the review"),
        mark("Close the review; every decision is saved."),
        (),
        Needs.SNAPSHOT,
        2,
    ),
    Command(
        "actionRunFindings",
        Menu.TOOLS,
        mark("&Run all checks"),
        mark("Run every built-in check on the snapshot."),
        (),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionCompare",
        Menu.TOOLS,
        mark("Com&pare with another snapshot…"),
        mark("Tell who gained or lost what between another snapshot and the open one, by which change."),
        ("Ctrl+D",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionWhatIf",
        Menu.TOOLS,
        mark("&What if…"),
        mark("Try changes on a copy, see what they do to everybody, and save the commands."),
        ("Ctrl+Shift+I",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionHelp", Menu.HELP, mark("&User guide"), mark("Read about what has the cursor."), (_Key.HelpContents,)
    ),
    Command("actionTour", Menu.HELP, mark("&Tour"), mark("Five steps on the sample; Esc leaves at any time.")),
    Command(
        "actionPalette", Menu.HELP, mark("&All commands…"), mark("List every command, with search."), ("Ctrl+Shift+P",)
    ),
    Command(
        "actionHowToCapture",
        Menu.HELP,
        mark("How do I get a &snapshot?"),
        mark("Show the command that captures an account."),
        group=1,
    ),
    Command("actionAbout", Menu.HELP, mark("A&bout iamdesk"), mark("Version and licence."), group=1),
)
"""The table. Keys of other panels' widgets (Return in a table, Esc in a filter) are the widgets' own."""
