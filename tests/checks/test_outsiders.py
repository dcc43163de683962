"""TRU-05, 08, 14: other accounts trusted as a whole, or with an administrator's role; roles that trust themselves."""

OTHER = "444455556666"


def test_tru_05_a_whole_account_is_wider_than_a_role_of_it(found, make):
    (one,) = found("TRU-05", roles=[make.role("open", trust=make.trust({"AWS": make.arn("root", OTHER)}))])
    assert one.sentence == "open trusts all of account 444455556666: whoever that account lets assume it."
    assert not found("TRU-05", roles=[make.role("one", trust=make.trust({"AWS": make.arn("role/x", OTHER)}))])


def test_tru_08_an_administrators_role_for_outsiders(found, make):
    trust = make.trust({"AWS": make.arn("root", OTHER)})
    (one,) = found("TRU-08", roles=[make.role("power", make.allow("*"), trust=trust)])
    assert one.sentence == "Account 444455556666 gets into power, which is an administrator."
    assert not found("TRU-08", roles=[make.role("reader", make.allow("s3:Get*"), trust=trust)])


def test_tru_14_a_role_that_trusts_itself(found, make):
    own = make.trust({"AWS": make.arn("role/loop")})
    (one,) = found("TRU-14", roles=[make.role("loop", trust=own)])
    assert one.sentence == "loop trusts itself."
    assert not found("TRU-14", roles=[make.role("other", trust=own)])
