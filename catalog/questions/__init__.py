"""Questions: the bank that every format of questions becomes, its words made safe, and how answers are marked."""
