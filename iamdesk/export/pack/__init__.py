"""The evidence pack of a review: what an auditor gets, checks without iamdesk, and can perform again."""
