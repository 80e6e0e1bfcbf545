-- Signing in through an OpenID Connect provider.

-- Sign-ins that were begun and whose browser is not back yet. Each is used once.
CREATE TABLE oidc_flow (
    -- SHA-256 of `state`, which travels through the provider.
    state_hash bytea PRIMARY KEY,
    -- SHA-256 of what only the browser that began has, in a cookie.
    browser_hash bytea NOT NULL,
    -- For the limit on how many one address may begin.
    address text NOT NULL,
    -- Nonce and PKCE verifier, sealed.
    proof_sealed bytea NOT NULL,
    -- The page to go on to: a path of ours.
    next text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON oidc_flow (expires_at);
CREATE INDEX ON oidc_flow (address);

-- Who of the provider's people is who here. Linked once, and from then on by `subject` alone: logins and addresses of a
-- provider change and are given to others.
CREATE TABLE oidc_account (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
    linked_at timestamptz NOT NULL,
    signed_in_at timestamptz NOT NULL,
    -- As the provider named them at the last sign-in.
    groups text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (issuer, subject),
    -- One sign-in of a provider per person.
    UNIQUE (issuer, person_id)
);
CREATE INDEX ON oidc_account (person_id);

-- Sessions that began at the provider, with what is needed to end the one there too.
CREATE TABLE oidc_session (
    token_hash bytea PRIMARY KEY REFERENCES session ON DELETE CASCADE,
    id_token_sealed bytea NOT NULL
);
