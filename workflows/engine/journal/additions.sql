-- What a journal of an earlier version lacks; made whenever one is opened.

-- What the rows of known_rows were about before: an older workbook shows it again.
CREATE TABLE IF NOT EXISTS former_rows (
    number INTEGER PRIMARY KEY,
    tab TEXT NOT NULL,
    ref TEXT NOT NULL,
    identity TEXT NOT NULL,
    UNIQUE (tab, ref, identity)
) STRICT;
