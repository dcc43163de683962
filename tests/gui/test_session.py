import pytest
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.gui.app.navigation_history import History
from iamdesk.gui.core.session import Session

ACCOUNT = "arn:aws:iam::111122223333"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
PETRA = f"{ACCOUNT}:user/finance/petra.novak"
OMAR = f"{ACCOUNT}:user/finance/omar.said"
QUESTION = Request(PETRA, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x")


@pytest.fixture
def live(qtbot: QtBot, session: Session, sample: SnapshotSession) -> Session:
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
    return session


def test_opening_tells_everybody_and_then_decides_badges(
    qtbot: QtBot, session: Session, sample: SnapshotSession
) -> None:
    seen: list[object] = []
    session.snapshot_opened.connect(lambda opened: seen.append((opened, session.snapshot, session.badges)))
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
    assert seen == [(sample, sample, sample.outline.badges)]
    assert session.badges != sample.outline.badges


def test_a_question_is_answered_off_the_gui_thread(qtbot: QtBot, live: Session) -> None:
    order: list[str] = []
    live.request_asked.connect(lambda _request: order.append(f"asked, pending {live.pending}"))
    live.evaluated.connect(lambda decision: order.append(type(decision).__name__))
    with qtbot.waitSignal(live.evaluated, timeout=20_000):
        live.ask(QUESTION)
        assert live.decision is None
    assert order == ["asked, pending True", "EvaluationResult"]
    assert isinstance(live.decision, EvaluationResult)
    assert live.decision.request.principal == PETRA
    assert not live.pending


def test_only_the_last_of_two_questions_is_answered(qtbot: QtBot, live: Session) -> None:
    answers: list[EvaluationResult] = []
    live.evaluated.connect(answers.append)
    live.ask(QUESTION)
    live.ask(Request(INES, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x"))
    qtbot.waitUntil(lambda: not live.pending, timeout=20_000)
    assert [answer.request.principal for answer in answers] == [INES]


def test_a_question_that_cannot_be_asked_says_why(qtbot: QtBot, live: Session) -> None:
    with qtbot.waitSignal(live.request_failed, timeout=20_000) as said:
        live.ask(Request(PETRA, "no action"))
    assert said.args
    assert "no action" in said.args[0]
    assert live.decision is None


def test_closing_forgets_everything(qtbot: QtBot, live: Session) -> None:
    live.select(PETRA)
    live.ask(QUESTION)
    seen: list[str] = []
    live.evaluated.connect(lambda _decision: seen.append("answered"))
    live.snapshot_closed.connect(lambda: seen.append("closed"))
    live.close()
    assert seen == ["answered", "closed"]
    assert (live.snapshot, live.subject_key, live.request, live.decision) == (None, "", None, None)
    live.close()
    assert seen == ["answered", "closed"]


def test_selecting_the_same_again_says_nothing(live: Session) -> None:
    seen: list[str] = []
    live.subject_selected.connect(seen.append)
    live.select(PETRA)
    live.select(PETRA)
    live.select("")
    assert seen == [PETRA]


def test_without_a_snapshot_no_verb_does_anything(session: Session) -> None:
    session.select(PETRA)
    session.show_key(PETRA)
    session.ask(QUESTION)
    assert session.subject_key == ""
    assert session.request is None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


def test_back_and_forward_walk_selections_and_questions(qtbot: QtBot, live: Session) -> None:
    history = History(live, clock=Clock())
    live.select(PETRA)
    live.select(INES)
    with qtbot.waitSignal(live.evaluated, timeout=20_000):
        live.ask(QUESTION)
    live.select(OMAR)
    history.back()
    qtbot.waitUntil(lambda: not live.pending, timeout=20_000)
    assert live.request == QUESTION
    history.back()
    assert live.subject_key == INES
    history.back()
    assert live.subject_key == PETRA
    assert not history.can_go_back
    history.back()
    history.forward()
    assert live.subject_key == INES
    live.select(OMAR)
    assert not history.can_go_forward
    live.close()
    assert not history.can_go_back


def test_what_is_only_passed_on_the_way_is_no_place(live: Session) -> None:
    history = History(live, clock=lambda: 1.0)
    for key in (PETRA, INES, OMAR):
        live.select(key)
    assert not history.can_go_back
