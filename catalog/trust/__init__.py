"""Trust: the signed catalogue, which says what may come on a shelf."""
