"""What a principal can become: the steps that it may take, where they lead, and what would stop them."""
