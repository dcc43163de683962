"""What assignment rules ask of a snapshot and of a list of managers: organizational units, tags, managers."""

from collections.abc import Mapping, Sequence

from iamdesk.snapshot.model import Snapshot


class SnapshotHolders:
    """The holders of a review, as its snapshot has them."""

    def __init__(self, snapshot: Snapshot | None, managers: Mapping[str, str]) -> None:
        """Read tags and places.

        Args:
            snapshot: Of the review; None: no rule asks for tags or organizational units.
            managers: By ARN, or by name of a user or role.
        """
        self._managers = managers
        self._units: dict[str, Sequence[str]] = {}
        accounts = snapshot.accounts if snapshot is not None else ()
        self._tags: dict[str, Mapping[str, str]] = {}
        for account in accounts:
            self._tags |= {user.arn: {tag.key: tag.value for tag in user.tags} for user in account.users}
            self._tags |= {role.arn: {tag.key: tag.value for tag in role.tags} for role in account.roles}
        organization = snapshot.organization if snapshot is not None else None
        self._nodes = {node.id: node for node in organization.nodes} if organization is not None else {}

    def units(self, account_id: str) -> Sequence[str]:
        """Return ids and names of the organizational units above an account, and of the root."""
        found = self._units.get(account_id)
        if found is None:
            names: dict[str, None] = {}
            node = self._nodes.get(account_id)
            while node is not None and node.parent_id is not None and node.parent_id not in names:
                node = self._nodes.get(node.parent_id)
                if node is not None:
                    names |= dict.fromkeys(filter(None, (node.id, node.name)))
            found = self._units[account_id] = tuple(names)
        return found

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return the tags of a user or role; none of anything else."""
        return self._tags.get(arn, {})

    def manager(self, arn: str) -> str:
        """Return the manager of a holder; empty where none is known."""
        return self._managers.get(arn) or self._managers.get(arn.rpartition("/")[2], "")
