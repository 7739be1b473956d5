-- The journal: the truth about what left. Moments are ISO 8601 in UTC.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- One line per key, ever. `bytes` is the whole message as it is, or was, handed over.
CREATE TABLE messages (
    key TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    step TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'sending', 'sent', 'refused', 'uncertain')),
    exclusive INTEGER NOT NULL DEFAULT 0,
    message_id TEXT NOT NULL DEFAULT '',
    bytes BLOB NOT NULL DEFAULT x'',
    round INTEGER NOT NULL DEFAULT 0,
    sent_at TEXT,
    next_attempt TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX messages_campaign ON messages (campaign);
CREATE INDEX messages_state ON messages (state) WHERE state IN ('sending', 'uncertain');
CREATE INDEX messages_id ON messages (message_id) WHERE message_id <> '';

-- Each recipient's own fate, for a message that a server took for some only.
CREATE TABLE recipients (
    key TEXT NOT NULL REFERENCES messages (key) ON DELETE CASCADE,
    address TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'sent', 'refused')),
    detail TEXT NOT NULL DEFAULT '',
    sent_at TEXT,
    refused_at TEXT,
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (key, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipients_sent ON recipients (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX recipients_refused ON recipients (address) WHERE state = 'refused';
CREATE INDEX recipients_served ON recipients (address) WHERE state = 'sent';

-- The second net: one address gets one step of a campaign once, whatever row carries it.
CREATE TABLE reach (
    campaign TEXT NOT NULL,
    step TEXT NOT NULL,
    address TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (campaign, step, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX reach_key ON reach (key);

CREATE TABLE launches (
    campaign TEXT PRIMARY KEY,
    seen_at TEXT,
    authorised_at TEXT
) STRICT;

CREATE TABLE orders (
    scope TEXT PRIMARY KEY,
    key TEXT NOT NULL
) STRICT;

-- What a workflow chose to remember.
CREATE TABLE facts (
    workflow TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (workflow, name)
) STRICT, WITHOUT ROWID;

-- Rows as they were last seen: gives an emptied Réf. back, and a number is never used again.
CREATE TABLE known_rows (
    tab TEXT NOT NULL,
    ref TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (tab, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_rows_identity ON known_rows (tab, identity);

-- Every value ever meant for a cell of the program: any other value is a person's change.
CREATE TABLE notes (
    tab TEXT NOT NULL,
    ref TEXT NOT NULL,
    heading TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tab, ref, heading, value)
) STRICT, WITHOUT ROWID;

-- What came back: every mail ever read, once. `number` is its order of arrival; of its text only the
-- extract that the sheet shows is kept. `campaign` is empty while nobody knows what it answers.
CREATE TABLE mails (
    number INTEGER PRIMARY KEY,
    mailbox TEXT NOT NULL,
    place TEXT NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    received_at TEXT NOT NULL,
    answer TEXT NOT NULL,
    question INTEGER NOT NULL,
    minutes INTEGER,
    return_date TEXT,
    bounced TEXT NOT NULL,
    whole INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL,
    extract TEXT NOT NULL,
    attachments INTEGER NOT NULL,
    key TEXT NOT NULL,
    campaign TEXT NOT NULL,
    subject TEXT NOT NULL,
    doubt TEXT NOT NULL,
    round INTEGER NOT NULL,
    by_person INTEGER NOT NULL DEFAULT 0,
    marked INTEGER NOT NULL DEFAULT 0,
    -- Where it stands in the sheet: 0 nowhere yet, 1 in À rattacher, 2 in its row.
    listed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX mails_row ON mails (campaign, subject);
CREATE INDEX mails_place ON mails (mailbox, place);
CREATE INDEX mails_id ON mails (message_id) WHERE message_id <> '';
CREATE INDEX mails_to_list ON mails (number) WHERE listed < 2;

-- Addresses that mail came back from, and the last round that had written to them then.
CREATE TABLE bounces (
    address TEXT PRIMARY KEY,
    round INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who objected, known by a salted hash alone: it outlives every row and every erased mail.
CREATE TABLE objections (
    hash TEXT PRIMARY KEY,
    day TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The answers that stand in the sheet by our hand: a person who types an earlier one has chosen it.
CREATE TABLE shown_answers (
    tab TEXT NOT NULL,
    ref TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tab, ref)
) STRICT, WITHOUT ROWID;
