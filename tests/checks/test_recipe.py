"""The check of the recipe in CONTRIBUTING.md is found, runs, and passes the test that is printed beside it."""

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks import registry, unused_entities

from ..recipes import recipe


def test_the_check_of_the_recipe_passes_its_test(make, monkeypatch):
    code, test = recipe("a check")
    names = dict(vars(unused_entities))
    exec(code, names)  # noqa: S102 - our own page
    every = (*registry.checks(), names["group_of_one"])
    assert len({one.id for one in every}) == len(every)
    monkeypatch.setattr(registry, "checks", lambda: every)

    def found(check_id, **parts):
        return list(registry.run(Evaluator(make.snapshot(**parts)), only=(check_id,)))

    exec(test, names)  # noqa: S102 - our own page
    names["test_hyg_99_groups_of_one"](found, make)
