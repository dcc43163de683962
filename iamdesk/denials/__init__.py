"""Why a request was denied: AWS error messages, CloudTrail records, and the statements behind them."""
