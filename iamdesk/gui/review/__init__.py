"""The review panel: decisions on every entitlement and finding, by keyboard, saved at once."""
