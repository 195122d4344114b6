"""The links: each a carrier that passes the same contract."""
