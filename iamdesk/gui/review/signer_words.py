"""Who still has to sign, in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from iamdesk.export.evidence.signing import Role
from iamdesk.gui.core.locale import number
from iamdesk.i18n import mark, tr

if TYPE_CHECKING:
    from iamdesk.export.evidence.signers import Signer

_AS = {Role.REVIEWER: mark("{name} as reviewer"), Role.SECOND_REVIEWER: mark("{name} as second reviewer")}
_NAMED = 6


def missing_signatures(signers: "Sequence[Signer]") -> str:
    """Return whose signatures are missing, as one sentence; empty if none is. Names may be hostile."""
    if not signers:
        return ""
    names = [tr(_AS[one.role]).format(name=one.name) for one in signers[:_NAMED]]
    if len(signers) > _NAMED:
        names.append(tr("{count} more").format(count=number(len(signers) - _NAMED)))
    return tr("Still to sign: {names}.").format(names=", ".join(names))
