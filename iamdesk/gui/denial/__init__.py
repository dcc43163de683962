"""Why a request was denied: what AWS said of it, asked of the snapshot."""
