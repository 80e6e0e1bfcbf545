-- $1 roles. One row for each, in their order.
SELECT a.rolpassword AS verifier
FROM unnest($1::text[]) WITH ORDINALITY AS w (role, n)
LEFT JOIN pg_catalog.pg_authid a
    ON a.rolname = w.role AND shobj_description(a.oid, 'pg_authid') LIKE 'pglab:%'
ORDER BY w.n
