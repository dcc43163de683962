from pathlib import Path

from PySide6.QtCore import QByteArray

from iamdesk.gui.core.settings import RECENT_LIMIT, Settings
from iamdesk.gui.core.theme import Scheme


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    assert settings.scheme is Scheme.SYSTEM
    assert settings.policy_zoom == 0
    assert settings.recent == ()
    assert settings.geometry.isEmpty()
    settings.scheme = Scheme.DARK
    settings.policy_zoom = -2
    settings.geometry = QByteArray(b"\x00\x01g")
    settings.text_size = 150
    settings.reviewer = "Ana Moreno, ü"
    settings.signing_key = "/keys/id_ed25519"
    settings.keeps_layout = False
    settings.reopens_last = True
    settings.arrangement = "d"
    settings.set_columns("policyListHeader", QByteArray(b"c"))
    settings.save()
    again = Settings(tmp_path / "s.ini")
    assert again.scheme is Scheme.DARK
    assert again.policy_zoom == -2
    assert (again.geometry, again.arrangement) == (QByteArray(b"\x00\x01g"), "d")
    assert (again.text_size, again.reviewer, again.signing_key) == (150, "Ana Moreno, ü", "/keys/id_ed25519")
    assert not again.keeps_layout
    assert again.keeps_recent
    assert again.reopens_last
    assert again.columns("policyListHeader") == QByteArray(b"c")
    assert again.columns("other").isEmpty()


def test_recent_files_are_few_newest_first_and_there(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    paths = [tmp_path / f"snapshot,{number} ü.json" for number in range(RECENT_LIMIT + 3)]
    for path in paths:
        path.write_text("{}")
        settings.remember(path)
    settings.remember(paths[5])
    settings.save()
    again = Settings(tmp_path / "s.ini")
    assert len(again.recent) == RECENT_LIMIT
    assert again.recent[:2] == (paths[5], paths[-1])
    paths[-1].unlink()
    assert paths[-1] not in again.recent
    again.forget_recent()
    assert again.recent == ()


def test_one_recent_file_is_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    settings = Settings(tmp_path / "s.ini")
    settings.remember(path)
    settings.save()
    assert Settings(tmp_path / "s.ini").recent == (path,)


def test_nonsense_in_the_file_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "s.ini"
    file.write_text(
        "[window]\nscheme=purple\ngeometry=text\ntext_size=huge\n[keep]\nlayout=perhaps\n[policy]\nzoom=large\n[files]\nrecent=\n"
    )
    settings = Settings(file)
    assert settings.scheme is Scheme.SYSTEM
    assert settings.policy_zoom == 0
    assert settings.geometry.isEmpty()
    assert settings.recent == ()
    assert settings.text_size == 100
    assert settings.keeps_layout


def test_what_is_not_kept_is_not_remembered(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    settings.remember(tmp_path)
    settings.keeps_recent = False
    settings.remember(tmp_path / "s.ini")
    assert settings.recent == (tmp_path,)
    settings.reopens_last = True
    assert not settings.reopens_last, "of what is not remembered nothing can be opened again"
    settings.set_columns("a", QByteArray(b"c"))
    settings.arrangement = "d"
    settings.forget_layout()
    assert settings.columns("a").isEmpty()
    assert settings.arrangement == ""
