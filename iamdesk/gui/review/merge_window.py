"""Merges parts into the review: what became of each is shown, with conflicts and rejected decisions."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QTreeWidgetItem, QVBoxLayout, QWidget

from iamdesk.export.evidence.part_signature import merge_signed
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.review.coordination_window import Coordination, CoordinationWindow, fill_table, row_item
from iamdesk.gui.review.item_words import ItemWords
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, join_names, mark, tr, translate
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.coordination import Merged, PartSigner, part_files
from iamdesk.review.decisions import Reviewer
from iamdesk.review.session import ReviewSession

type PartResult = tuple[Path, PartSigner | None, Merged | Exception]
_EXPANDED = 50
"""Parts with more conflicts and rejected decisions stay collapsed."""
_PARTS = mark("Parts of reviews (*.iamreview)")


class MergeWindow(CoordinationWindow):
    """Choose files or a folder, and merge; merging again does no harm."""

    def __init__(self, about: Coordination, conflicts: Callable[[], None], parent: QWidget) -> None:
        super().__init__(about, parent, name="merge", title=tr("Merge parts"))
        self.paths: tuple[Path, ...] = ()
        self.results: tuple[PartResult, ...] = ()
        self.chosen = FlowLabel(tr("Choose the parts that came back, or their folder."))
        self.chosen.setObjectName("mergeChosen")
        self.files_button = self.button(tr("Choose &files…"), "Files")
        self.folder_button = self.button(tr("Choose f&older…"), "Folder")
        self.signers = QLineEdit(about.allowed_signers)
        self.signers.setObjectName("mergeSigners")
        self.signers.setAccessibleName(tr("Allowed signers"))
        self.signers.setPlaceholderText(tr("allowed_signers file of ssh-keygen, if parts are signed"))
        self.required = QCheckBox(tr("Reject what is not &signed"))
        self.required.setObjectName("mergeRequired")
        self.parts = self.table(
            "Parts",
            tr("Result of each part"),
            [
                tr("Part"),
                tr("Reviewer"),
                tr("Merged"),
                tr("The same"),
                tr("Conflicts"),
                tr("Rejected"),
                tr("Open"),
                tr("Signature, or reason"),
            ],
            is_tree=True,
        )
        self.merge_button = self.button(tr("&Merge"), "Merge")
        self.conflicts_button = self.button(tr("&Conflicts…"), "Conflicts")
        self.files_button.clicked.connect(self._choose_files)
        self.folder_button.clicked.connect(self._choose_folder)
        self.merge_button.clicked.connect(self.merge)
        self.conflicts_button.clicked.connect(conflicts)
        self.signers.textChanged.connect(lambda _text: self.refresh())
        choose, keys = QHBoxLayout(), QHBoxLayout()
        choose.addWidget(self.files_button)
        choose.addWidget(self.folder_button)
        choose.addWidget(self.chosen, 1)
        keys.addWidget(plain_label(tr("&Keys"), buddy=self.signers))
        keys.addWidget(self.signers, 1)
        keys.addWidget(self.required)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addLayout(choose)
        layout.addLayout(keys)
        layout.addWidget(self.parts, 1)
        layout.addLayout(self.bottom(self.conflicts_button, self.merge_button))
        self.size_for(150, 34)
        self.files_button.setFocus()
        self.refresh()

    def _choose_files(self) -> None:
        self._take(self._prompts.files_to_open(self, tr("Merge parts"), self.folder, tr(_PARTS)))

    def _choose_folder(self) -> None:
        path = self._prompts.folder_to_choose(self, tr("Folder with the parts"), self.folder)
        self._take((path,) if path is not None else ())

    def _take(self, paths: tuple[Path, ...]) -> None:
        if not paths:
            return
        self.paths = paths
        self.chosen.setText(translate(join_names([path.name for path in paths], 4, last=",")))
        self.refresh()
        self.merge_button.setFocus()

    def merge(self) -> None:
        """Merge the chosen parts, in a worker."""
        review_session, paths, actor = self.about.review_session, self.paths, self.about.actor()
        text = self.signers.text().strip()
        allowed, required = Path(text).expanduser() if text else None, self.required.isChecked()

        def work(progress: Progress, cancelled: Cancelled) -> tuple[PartResult, ...]:
            return _merged(review_session, paths, actor, allowed, required, progress, cancelled)

        self.run(tr("Merging parts"), work, self._show, "merge parts")

    def _show(self, results: tuple[PartResult, ...]) -> None:
        self.results = results
        self.about.changed()
        words = ItemWords(self.about.review_session)
        known = bool(self.signers.text().strip())
        rows = [self._row(one, words, keys_known=known) for one in results]
        fill_table(self.parts, rows)
        for row in rows:
            row.setExpanded(row.childCount() <= _EXPANDED)
            for place in range(row.childCount()):
                if (child := row.child(place)) is not None:
                    child.setFirstColumnSpanned(True)
        merged = [one for _path, _signer, one in results if isinstance(one, Merged)]
        conflicts, refused = sum(len(one.conflicts) for one in merged), sum(len(one.refused) for one in merged)
        sentence = tr("Merged decisions: {taken}. Merged parts: {count}.").format(
            taken=number(sum(one.taken for one in merged)), count=number(len(merged))
        )
        more = tr("Conflicts: {conflicts}. Rejected decisions: {refused}. Rejected parts: {parts}.").format(
            conflicts=number(conflicts), refused=number(refused), parts=number(len(results) - len(merged))
        )
        returned = sum(len(one.returned) for one in merged)
        if returned:
            sentence += " " + tr("Handed back: {count}; give them to another reviewer.").format(count=number(returned))
        is_clean = not conflicts and not refused and len(merged) == len(results)
        self.message.say(Tone.NOTE if is_clean else Tone.WARNING, sentence if is_clean else f"{sentence} {more}")

    def _row(self, result: PartResult, words: ItemWords, *, keys_known: bool) -> QTreeWidgetItem:
        path, signer, one = result
        if not isinstance(one, Merged):
            row = row_item([path.name, "", "", "", "", "", "", f"{error_words(one)}."])
            row.setIcon(0, icons.icon(Mark.EXPLICIT_DENY, self.palette()))
            return row
        counts = [one.taken, one.agreed, len(one.conflicts), len(one.refused), one.open]
        row = row_item([path.name, one.part.reviewer, *map(number, counts), _signature(signer, keys_known=keys_known)])
        row.setIcon(
            0,
            icons.icon(
                Mark.CONDITIONAL if one.conflicts or one.refused or one.returned else Mark.ALLOWED, self.palette()
            ),
        )
        for conflict in one.conflicts:
            sentence = tr("Conflict: {item}. {decisions}").format(
                item=words.of(conflict.item_id), decisions=words.opposed(conflict)
            )
            row_item([sentence], row)
        for item in one.returned:
            row_item([tr("Handed back: {item}").format(item=words.of(item))], row)
        for refused in one.refused:
            sentence = tr("Rejected: {item}. {reason}").format(
                item=words.of(refused.item_id), reason=translate(refused.why)
            )
            row_item([sentence], row)
        return row

    def refresh(self) -> None:
        """Enable the buttons that can be used now."""
        super().refresh()
        has_keys = bool(self.signers.text().strip())
        self.required.setEnabled(has_keys)
        if not has_keys:
            self.required.setChecked(False)
        self.merge_button.setEnabled(bool(self.paths) and not self.is_running)


def _signature(signer: PartSigner | None, *, keys_known: bool) -> str:
    if signer is None:
        return tr("not signed with a key")
    words = tr("signed by {name}") if keys_known else tr("signed by {name}; the key was not compared")
    return words.format(name=signer.label)


def _merged(
    review_session: ReviewSession,
    paths: Sequence[Path],
    actor: Reviewer,
    allowed: Path | None,
    required: bool,
    progress: Progress,
    cancelled: Cancelled,
) -> tuple[PartResult, ...]:
    """Merge parts one by one; a part is merged completely or not at all."""
    file = review_session.file
    found: list[PartResult] = []
    listed = part_files(file, paths)
    for done, path in enumerate(listed):
        if cancelled():
            raise WorkCancelled
        progress(done, len(listed))
        one, signer = merge_signed(file, path, allowed, actor, requires_signature=required)
        found.append((path, signer, one))
    return tuple(found)
