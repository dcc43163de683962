"""The fake AWS of the collector's own tests, for the window."""

from ...collect.conftest import fake_aws, gate, signed_in, world

__all__ = ["fake_aws", "gate", "signed_in", "world"]
