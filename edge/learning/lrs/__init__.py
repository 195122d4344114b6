"""The learning record store: what tools and packages tell of learning, by xAPI 1.0.3 and 2.0, kept in the journal."""
