"""What the pages of this package share: their frame, their looks, headers, and forged POSTs.

The inspector and the page of a user's sessions are made of it. They need no script, and nothing of
the app's: neither its templates nor its styles.
"""
