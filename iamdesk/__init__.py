"""iamdesk: access reviews of AWS accounts, offline and with proof."""
