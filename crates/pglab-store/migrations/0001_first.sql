-- People, labs, their content, and what students do. Times are timestamptz, ids UUIDv7 made by pglab.

CREATE TABLE person (
    id uuid PRIMARY KEY,
    -- Also the PostgreSQL role: folded to lower case, 1 to 63 bytes.
    login text NOT NULL UNIQUE CHECK (octet_length(login) BETWEEN 1 AND 63),
    name text NOT NULL,
    email text,
    -- The id that the roster's system knows the person by (Canvas SIS id, Moodle idnumber).
    external_id text,
    role text NOT NULL CHECK (role IN ('admin', 'instructor', 'student')),
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

-- One password per person, for the web and for PostgreSQL.
CREATE TABLE credential (
    person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    -- argon2id in PHC form; null while the initial password was never used: then `initial_sealed` decides.
    password_hash text,
    -- What PostgreSQL's pg_authid should hold.
    scram_verifier text,
    -- The initial password, sealed with a key outside this database; null once claimed or changed.
    initial_sealed bytea,
    must_change boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL,
    -- Since when PostgreSQL holds another password than ours (psql's \password).
    differs_since timestamptz,
    -- The verifier that pglab last gave to PostgreSQL: it is set again only when the wanted one is another.
    scram_applied text,
    -- When a claim link showed the initial password, which the person has kept if `changed_at` is not later.
    claimed_at timestamptz,
    CHECK (password_hash IS NOT NULL OR initial_sealed IS NOT NULL)
);

CREATE TABLE session (
    -- SHA-256 of the cookie.
    token_hash bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON session (person_id);
CREATE INDEX ON session (expires_at);

CREATE TABLE api_token (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    name text NOT NULL,
    -- SHA-256 of the token.
    token_hash bytea NOT NULL UNIQUE,
    -- 'read', 'write'
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ON api_token (person_id);

-- Failed sign-ins, for the rate limit.
CREATE TABLE sign_in_failure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ON sign_in_failure (login, at);
CREATE INDEX ON sign_in_failure (address, at);
CREATE INDEX ON sign_in_failure (at);

CREATE TABLE lab (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    title text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'open', 'closed', 'archived')),
    -- pglab_core::lab::Start
    start jsonb NOT NULL,
    -- pglab_core::lab::LabSettings
    settings jsonb NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_by uuid REFERENCES person ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    opened_at timestamptz,
    closed_at timestamptz,
    archived_at timestamptz,
    -- Somebody asked for the class to be prepared; the reconciler makes an instance for every student from then on.
    prepare_wanted_at timestamptz,
    -- Being archived: a dump of every student's database is written, then the databases go.
    archive_wanted_at timestamptz,
    -- Being deleted: everything on the cluster goes first, then this row.
    delete_wanted_at timestamptz,
    -- Why archiving or deleting does not get on, in a sentence.
    trouble text
);

-- The example database of a lab, and the templates made from it.
CREATE TABLE example (
    lab_id uuid PRIMARY KEY REFERENCES lab ON DELETE CASCADE,
    source text NOT NULL CHECK (source IN ('dump', 'uri')),
    -- The file's name, or the URI without its password.
    name text NOT NULL,
    size_bytes bigint NOT NULL DEFAULT 0,
    -- Of the uploaded dump: who applies the same file again need not send it.
    sha256 bytea,
    -- The uploaded dump in pglab's folder of uploads; null for an example by URI.
    file text,
    -- The URI with its password, sealed.
    uri_sealed bytea,
    -- Distinguishes one load from the next; part of the names of the template databases.
    generation integer NOT NULL DEFAULT 1,
    state text NOT NULL CHECK (state IN ('loading', 'ready', 'failed')),
    -- pglab_control's progress, error and warnings, as the API shows them
    progress jsonb NOT NULL DEFAULT '{}',
    error jsonb,
    warnings jsonb NOT NULL DEFAULT '[]',
    -- How many of each the example holds, as the API shows it.
    summary jsonb,
    -- pglab_core::snapshot::SchemaSnapshot
    snapshot jsonb,
    -- pglab_core::snapshot::SchemaSnapshot of the start template
    start_snapshot jsonb,
    -- What the start template holds of the relations that the tasks ask for: [[name, ObservedRows], …]
    start_rows jsonb,
    -- pglab_core::lab::Start that the start template was made for
    start_made jsonb,
    example_database text,
    start_database text,
    loaded_at timestamptz
);

-- The dump that students' databases begin with, where a lab has one of its own.
CREATE TABLE start_dump (
    lab_id uuid PRIMARY KEY REFERENCES lab ON DELETE CASCADE,
    name text NOT NULL,
    -- In pglab's folder of uploads.
    file text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 bytea NOT NULL
);

-- The rows of each relation of the example, by which a student's are judged.
CREATE TABLE example_rows (
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    schema_name text NOT NULL,
    relation_name text NOT NULL,
    -- pglab_core::snapshot::ExpectedRows without its hashes
    expected jsonb NOT NULL,
    hashes bigint[],
    PRIMARY KEY (lab_id, schema_name, relation_name)
);

CREATE TABLE task (
    id uuid PRIMARY KEY,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    key text NOT NULL,
    position integer NOT NULL,
    title text NOT NULL,
    explanation text NOT NULL,
    -- Thousandths of a point.
    points bigint NOT NULL CHECK (points >= 0),
    -- Dropped by the instructor; kept so that deriving again does not bring it back.
    dropped_at timestamptz,
    -- Made by hand: deriving again leaves it alone.
    by_hand boolean NOT NULL DEFAULT false,
    UNIQUE (lab_id, key)
);

CREATE TABLE task_check (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    position integer NOT NULL,
    title text NOT NULL,
    explanation text NOT NULL,
    weight integer NOT NULL CHECK (weight BETWEEN 1 AND 1000),
    -- pglab_core::check::Fact
    fact jsonb NOT NULL,
    dropped_at timestamptz
);
CREATE INDEX ON task_check (task_id);

CREATE TABLE member (
    id uuid PRIMARY KEY,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('instructor', 'assistant', 'student')),
    section text,
    seat text,
    added_at timestamptz NOT NULL,
    -- Access is closed; the database stays until the lab is archived.
    removed_at timestamptz,
    UNIQUE (lab_id, person_id)
);
CREATE INDEX ON member (person_id);

CREATE TABLE claim_link (
    -- SHA-256 of the link's token.
    token_hash bytea PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    -- The token, sealed, so that the instructor's page can show the link again.
    token_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    claimed_at timestamptz
);
CREATE INDEX ON claim_link (member_id);

-- One member's database. The state machine is pglab_core::instance.
CREATE TABLE instance (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL UNIQUE REFERENCES member ON DELETE CASCADE,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    database_name text NOT NULL UNIQUE,
    checker_role text NOT NULL UNIQUE,
    -- The checker role's password, sealed.
    checker_sealed bytea NOT NULL,
    -- pglab_core::instance::InstanceState
    state jsonb NOT NULL,
    state_name text GENERATED ALWAYS AS (state ->> 'state') STORED,
    version bigint NOT NULL DEFAULT 1,
    -- Which load of the example the database was cloned from.
    generation integer,
    -- The database of this name is an old one that a reset replaces; false again as soon as it is out of the way.
    replaces_old boolean NOT NULL DEFAULT false,
    -- A reset that asked to keep the old database renames it to this.
    keep_as text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX ON instance (lab_id);

CREATE TABLE instance_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id uuid NOT NULL REFERENCES instance ON DELETE CASCADE,
    at timestamptz NOT NULL,
    event text NOT NULL,
    state jsonb NOT NULL,
    actor uuid
);
CREATE INDEX ON instance_history (instance_id);

-- A database that a reset kept.
CREATE TABLE snapshot_database (
    database_name text PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    taken_at timestamptz NOT NULL,
    dropped_at timestamptz
);

-- How a task stands for a member: what it is worth now, and the most it was ever worth.
CREATE TABLE task_score (
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    best bigint NOT NULL,
    now bigint NOT NULL,
    state text NOT NULL,
    best_at timestamptz NOT NULL,
    completed_at timestamptz,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, task_id)
);

CREATE TABLE verdict (
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    check_id uuid NOT NULL REFERENCES task_check ON DELETE CASCADE,
    state text NOT NULL,
    expected text NOT NULL,
    found text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, check_id)
);

-- What happened to a member, for their timeline: progress, regress, connected, reset, hand, password …
CREATE TABLE timeline (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    task_id uuid REFERENCES task ON DELETE SET NULL,
    points bigint
);
CREATE INDEX ON timeline (member_id, at);

-- Errors that students met, from the server's log.
CREATE TABLE mistake (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    at timestamptz NOT NULL,
    sqlstate text NOT NULL,
    message text NOT NULL,
    statement text,
    -- The same statement failed so often within a moment.
    times integer NOT NULL DEFAULT 1
);
CREATE INDEX ON mistake (member_id, at);

-- How far the server's log has been read.
CREATE TABLE log_position (
    source text PRIMARY KEY,
    file text NOT NULL,
    byte_offset bigint NOT NULL
);

CREATE TABLE hand (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    raised_at timestamptz NOT NULL,
    why text NOT NULL,
    lowered_at timestamptz,
    lowered_by uuid REFERENCES person ON DELETE SET NULL
);
CREATE UNIQUE INDEX hand_one_up ON hand (member_id) WHERE lowered_at IS NULL;

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    -- null: pglab itself
    person_id uuid,
    operation text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON audit (at);

-- Answers to creations that carried an Idempotency-Key, for a day.
CREATE TABLE idempotency (
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    key text NOT NULL,
    -- SHA-256 of method, path and body.
    request_hash bytea NOT NULL,
    -- null while the request runs
    status smallint,
    -- Sealed: an answer may hold a token or an initial password.
    response_sealed bytea,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, key)
);
CREATE INDEX ON idempotency (at);

-- Tells every pglab process what changed, so that their boards show it: `<what> <lab> <member or ->` on the channel
-- `pglab`. What a transaction says twice, PostgreSQL tells once. Scores and mistakes are told by who writes them.
CREATE FUNCTION tell_lab() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('pglab', 'lab ' || OLD.id || ' -');
    ELSE
        PERFORM pg_notify('pglab', 'lab ' || NEW.id || ' -');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tell_of_lab() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('pglab', TG_TABLE_NAME || ' ' || OLD.lab_id || ' -');
    ELSE
        PERFORM pg_notify('pglab', TG_TABLE_NAME || ' ' || NEW.lab_id || ' -');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tell_of_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('pglab', 'hand ' || lab_id || ' ' || id) FROM member WHERE id = NEW.member_id;
    RETURN NULL;
END $$;

CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON lab FOR EACH ROW EXECUTE FUNCTION tell_lab();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION tell_of_lab();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON instance FOR EACH ROW EXECUTE FUNCTION tell_of_lab();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON task FOR EACH ROW EXECUTE FUNCTION tell_of_lab();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON example_rows FOR EACH ROW EXECUTE FUNCTION tell_of_lab();
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON hand FOR EACH ROW EXECUTE FUNCTION tell_of_hand();
