"""Building a request from a snapshot: who asks, what they carry, what belongs to the resource."""
