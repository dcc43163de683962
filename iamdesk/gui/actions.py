"""Every command of the window in one table: its name, menu, words and keys. Who implements it is wired elsewhere.

A panel implements commands by ``commands() -> Mapping[str, Callable[[], None]]`` (names from this table); the main
window adds its own. An entry that nobody implements gets no action at all: only entries that work are seen.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from PySide6.QtGui import QKeySequence


class Menu(StrEnum):
    """The menus, in order."""

    FILE = "&File"
    EDIT = "&Edit"
    VIEW = "&View"
    ASK = "&Ask"
    REVIEW = "&Review"
    TOOLS = "&Tools"
    HELP = "&Help"


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


_Key = QKeySequence.StandardKey

COMMANDS: tuple[Command, ...] = (
    Command("actionOpen", Menu.FILE, "&Open snapshot…", "Open a file of authorization details.", (_Key.Open,)),
    Command(
        "actionOpenFolder",
        Menu.FILE,
        "Open &folder…",
        "Open a folder of outputs of the AWS CLI: a bundle, or loose files.",
        ("Ctrl+K",),
    ),
    Command("actionOpenSample", Menu.FILE, "Open the &sample", "Open the sample account that ships with iamdesk."),
    Command(
        "actionCollect",
        Menu.FILE,
        "Collec&t from AWS…",
        "Capture an account or an organization with read-only calls, and open it.",
    ),
    Command(
        "actionNewReview",
        Menu.FILE,
        "&New review…",
        "Freeze who is in the snapshot and every entitlement, to decide on each.",
        ("Ctrl+Shift+N",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNextReview",
        Menu.FILE,
        "Ne&xt review…",
        "Go on from the review before: only what changed in effect is asked.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionOpenReview",
        Menu.FILE,
        "Open re&view…",
        "Go on with a review of the open snapshot.",
        ("Ctrl+Shift+O",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionRecoverReview",
        Menu.FILE,
        "Recover a &damaged review…",
        "Write what is intact in a damaged review to a new file.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command("actionReload", Menu.FILE, "Re&load", "Read the open snapshot again.", (_Key.Refresh,), Needs.SNAPSHOT),
    Command(
        "actionExport", Menu.FILE, "&Export findings…", "Save the findings as a file.", ("Ctrl+E",), Needs.SNAPSHOT, 1
    ),
    Command(
        "actionExportWhoCan",
        Menu.FILE,
        "Export &who can…",
        "Save everybody who can do what was asked as a file.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportWays",
        Menu.FILE,
        "Export the pict&ure of ways…",
        "Save the picture of ways as SVG or PNG.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportAccess",
        Menu.FILE,
        "Export effect&ive permissions…",
        "Save every action that the selected principal can do as a file.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportAccessMap",
        Menu.FILE,
        "Export the access &map…",
        "Save the counts of actions by service and access level as a file.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCloseSnapshot",
        Menu.FILE,
        "&Close snapshot",
        "Close the snapshot and go to the start page.",
        ("Ctrl+W",),
        Needs.SNAPSHOT,
        2,
    ),
    Command("actionQuit", Menu.FILE, "&Quit", "End iamdesk.", (_Key.Quit,), group=2),
    Command("actionUndo", Menu.EDIT, "&Undo", "Take the last decision back.", (_Key.Undo,), Needs.SNAPSHOT),
    Command(
        "actionRedo",
        Menu.EDIT,
        "&Redo",
        "Decide again what was taken back.",
        ("Ctrl+Y", "Ctrl+Shift+Z"),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionFind",
        Menu.EDIT,
        "&Filter the navigator",
        "Go to the filter of the navigator.",
        (_Key.Find,),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionFindInPolicy",
        Menu.EDIT,
        "Find in the &policy text",
        "Search in the policy that is shown.",
        ("Ctrl+Shift+F",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionCopyArn",
        Menu.EDIT,
        "Copy &ARN",
        "Copy the ARN of what is selected.",
        ("Ctrl+Shift+C",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCopyAnswer",
        Menu.EDIT,
        "Copy the ans&wer",
        "Copy the answer as text, with its statements.",
        ("Ctrl+Shift+A",),
        Needs.ANSWER,
        1,
    ),
    Command(
        "actionCopyCommand",
        Menu.EDIT,
        "Copy as a co&mmand",
        "Copy the command that gives the same in a terminal: the answer, or who can and what can where the cursor is.",
        ("Ctrl+Shift+K",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionSettings",
        Menu.EDIT,
        "&Settings…",
        "Colours, text size, the reviewer, and what is kept between starts.",
        (_Key.Preferences, "Ctrl+,"),
        group=2,
    ),
    Command("actionBack", Menu.VIEW, "&Back", "Go back to the selection or question before.", ("Alt+Left",)),
    Command("actionForward", Menu.VIEW, "&Forward", "Go forward again.", ("Alt+Right",)),
    Command(
        "actionOverview",
        Menu.VIEW,
        "Snapshot &overview",
        "Show what the snapshot holds, as a whole.",
        ("Alt+Home",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCaptured",
        Menu.VIEW,
        "What this snapshot &holds",
        "Show every kind of data as captured, in part or not, and how to capture it.",
        ("Ctrl+Shift+H",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionNextStatement",
        Menu.VIEW,
        "&Next statement",
        "Go to the next marked statement of the policy.",
        ("F3",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionPreviousStatement",
        Menu.VIEW,
        "Pre&vious statement",
        "Go to the marked statement before.",
        ("Shift+F3",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionFoldStatement",
        Menu.VIEW,
        "Fold statement",
        "Fold the statement at the caret to one line, or show it again.",
        ("Ctrl+.",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionFoldAll",
        Menu.VIEW,
        "Fold every statement",
        "Fold every statement of the policy to one line, or show all of them.",
        ("Ctrl+Shift+.", "Ctrl+>"),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionInWords",
        Menu.VIEW,
        "Statements in plain words",
        "Tell each statement of the policy in plain words beside its text, or not.",
        ("Ctrl+Shift+R",),
        Needs.SNAPSHOT,
        1,
    ),
    Command("actionNextPanel", Menu.VIEW, "Next pane&l", "Put the cursor into the next panel.", ("F6",), group=2),
    Command(
        "actionPreviousPanel",
        Menu.VIEW,
        "Previous p&anel",
        "Put the cursor into the panel before.",
        ("Shift+F6",),
        group=2,
    ),
    Command(
        "actionZoomIn",
        Menu.VIEW,
        "Larger policy &text",
        "Make the policy text larger.",
        (_Key.ZoomIn, "Ctrl+="),
        group=3,
    ),
    Command(
        "actionZoomOut", Menu.VIEW, "&Smaller policy text", "Make the policy text smaller.", (_Key.ZoomOut,), group=3
    ),
    Command(
        "actionZoomReset",
        Menu.VIEW,
        "Policy text at &usual size",
        "Show the policy text at its usual size.",
        ("Ctrl+0",),
        group=3,
    ),
    Command("actionShowFindings", Menu.VIEW, "F&indings", "Show the findings.", ("Ctrl+1",), Needs.SNAPSHOT, 4),
    Command("actionShowWhoCan", Menu.VIEW, "&Who can", "Show who can do what.", ("Ctrl+2",), Needs.SNAPSHOT, 4),
    Command(
        "actionShowWays",
        Menu.VIEW,
        "Wa&ys",
        "Show who gets to administration, and how.",
        ("Ctrl+3",),
        Needs.SNAPSHOT,
        4,
    ),
    Command("actionShowReview", Menu.VIEW, "&Review", "Show the review.", ("Ctrl+4",), Needs.SNAPSHOT, 4),
    Command("actionSchemeSystem", Menu.VIEW, "Colours as the &desktop", "Follow the desktop.", group=5, radio="scheme"),
    Command("actionSchemeLight", Menu.VIEW, "Light &colours", "Dark text on light ground.", group=5, radio="scheme"),
    Command("actionSchemeDark", Menu.VIEW, "Dar&k colours", "Light text on dark ground.", group=5, radio="scheme"),
    Command(
        "actionSchemeContrast",
        Menu.VIEW,
        "High-contrast palett&e",
        "The strongest colours, with lines around everything.",
        group=5,
        radio="scheme",
    ),
    Command(
        "actionQuestion",
        Menu.ASK,
        "Go to the &question",
        "Put the cursor into the question.",
        ("Ctrl+L",),
        Needs.SNAPSHOT,
    ),
    Command("actionAsk", Menu.ASK, "&Ask", "Answer the question.", ("Ctrl+Return",), Needs.SNAPSHOT),
    Command(
        "actionAskAboutSubject",
        Menu.ASK,
        "Ask about the &selected principal",
        "Take the selected principal into the question.",
        ("Ctrl+Shift+L",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionWhoElse",
        Menu.ASK,
        "Who &else can?",
        "Ask who can do the question's action on its resource.",
        ("Ctrl+Shift+Return",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWhatCan",
        Menu.ASK,
        "Wha&t can the selected principal do?",
        "Show what the selected principal or group can do, by service and access level.",
        ("Ctrl+Shift+W",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWaysOfSelected",
        Menu.ASK,
        "What can the selected principal &become?",
        "Show the ways of the selected principal to administration.",
        ("Ctrl+Shift+B",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionWhyDenied",
        Menu.ASK,
        "&Why was this denied?…",
        "Explain an access-denied message.",
        ("Ctrl+Shift+D",),
        Needs.SNAPSHOT,
        1,
    ),
    Command("actionForgetAnswer", Menu.ASK, "&Forget the answer", "Clear question and answer.", (), Needs.ANSWER, 2),
    *(
        Command(
            f"actionReview{name}",
            Menu.REVIEW,
            f"{text} ({key})",
            f"{tip} Key {key} in the review table.",
            (),
            Needs.SNAPSHOT,
        )
        for name, text, key, tip in (
            ("Keep", "&Keep", "1", "The selected lines are right."),
            ("Revoke", "&Revoke", "2", "The selected lines are to go."),
            ("Modify", "&Modify", "3", "The selected lines are to change."),
            ("Except", "&Except…", "4", "The selected lines stay for a time, with reason and owner."),
            ("Undecided", "&Undecided", "0", "Nothing is decided on the selected lines."),
            ("Second", "&Stand for it as second reviewer", "5", "You stand for what somebody else decided."),
            ("Next", "Go to the &next to decide", "N", "Go to the next line that waits for a decision."),
        )
    ),
    Command(
        "actionFillReview",
        Menu.REVIEW,
        "&Take a filled sheet…",
        "Take the decisions of a filled workbook or CSV; rows that were edited elsewhere are refused.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionExportEvidence",
        Menu.REVIEW,
        "E&xport the evidence…",
        "Write the evidence of the review: statement, tables, verdicts, hashes.",
        ("Ctrl+Shift+E",),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionSignPack",
        Menu.REVIEW,
        "Si&gn an evidence pack…",
        "Stand for a pack, with an SSH key or by name alone.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionVerifyPack",
        Menu.REVIEW,
        "&Verify an evidence pack…",
        "Check every hash, signature, total and verdict of a pack.",
        (),
        Needs.SNAPSHOT,
        1,
    ),
    Command(
        "actionCloseReview",
        Menu.REVIEW,
        "&Close the review",
        "Close the review; every decision is saved.",
        (),
        Needs.SNAPSHOT,
        2,
    ),
    Command(
        "actionRunFindings",
        Menu.TOOLS,
        "&Run all checks",
        "Run every built-in check on the snapshot.",
        (),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionCompare",
        Menu.TOOLS,
        "Com&pare with another snapshot…",
        "Tell who gained or lost what between another snapshot and the open one, by which change.",
        ("Ctrl+D",),
        Needs.SNAPSHOT,
    ),
    Command(
        "actionWhatIf",
        Menu.TOOLS,
        "&What if…",
        "Try changes on a copy, see what they do to everybody, and save the commands.",
        ("Ctrl+Shift+I",),
        Needs.SNAPSHOT,
    ),
    Command("actionHelp", Menu.HELP, "&User guide", "Read about what has the cursor.", (_Key.HelpContents,)),
    Command("actionTour", Menu.HELP, "&Tour", "Five steps on the sample; Esc leaves at any time."),
    Command("actionPalette", Menu.HELP, "&All commands…", "List every command, with search.", ("Ctrl+Shift+P",)),
    Command(
        "actionHowToCapture",
        Menu.HELP,
        "How do I get a &snapshot?",
        "Show the command that captures an account.",
        group=1,
    ),
    Command("actionAbout", Menu.HELP, "A&bout iamdesk", "Version and licence.", group=1),
)
"""The table. Keys of other panels' widgets (Return in a table, Esc in a filter) are the widgets' own."""
