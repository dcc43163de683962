"""External access: who outside enters which role or resource."""
